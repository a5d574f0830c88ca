"""A count that is to outlive its container needs a volume, and a volume of its own."""

import pytest

from kindlings import Lab, begins_with, counting_up, lines, mounts, ready, written_twice


@pytest.mark.kinds("ConfigMap", "Pod")
@pytest.mark.points(2)
@pytest.mark.hint("The Pod runs the script with /bin/sh, which knows no declare, no ((...)) and no $RANDOM.")
def test_the_number_increases(lab: Lab) -> None:
    """The counter writes one number more each second, on its log and at the end of /app/counter.txt."""
    counter = lab.apply("script.yaml", "counter.yaml").pod("counter").wait(ready())

    counter.logs("counter").wait(counting_up(3))

    counter.exec("counter", "cat", "/app/counter.txt").shows("3 by counter")


@pytest.mark.kinds("ConfigMap", "Deployment")
@pytest.mark.points(1)
@pytest.mark.hint("Mount the script as counter.yaml does, and nothing else: here is no volume at /app.")
def test_without_a_volume_the_count_begins_again(lab: Lab) -> None:
    """The Deployment's Pod is deleted, and the one that replaces it begins with 1."""
    pods = lab.apply("script.yaml", "deployment.yaml").deployment("counter").pods
    [victim] = pods.wait(ready())
    victim.logs("counter").wait(counting_up(2))

    victim.delete()

    [successor] = pods.wait(ready(without=victim))
    successor.logs("counter").wait(begins_with(1))


@pytest.mark.kinds("ConfigMap", "Deployment", "PersistentVolumeClaim")
@pytest.mark.points(2)
@pytest.mark.hint("Two replicas, and the claim as a volume at /app: one template, so both get the same.")
def test_two_writers_spoil_the_count(lab: Lab) -> None:
    """Two Pods with one claim write into the same file, and the same number is there twice."""
    pods = lab.apply("script.yaml", "deployment-shared.yaml").deployment("counter").pods
    pods.wait(mounts("/app", claim="shared"))
    first, second = pods.wait(ready(2))

    first.logs("counter").wait(lines(3))
    second.logs("counter").wait(lines(3))

    first.exec("counter", "cat", "/app/counter.txt").satisfies(written_twice())
