"""A ReplicaSet keeps a number of identical Pods alive, and knows them by their labels."""

import pytest

from kindlings import (
    Lab,
    all_with_image,
    fewer_ready_than,
    including,
    one_with_image,
    ready,
    running,
    unowned,
)

only_replicasets = pytest.mark.kinds("ReplicaSet")


@only_replicasets
@pytest.mark.points(1)
@pytest.mark.hint("Compare spec.selector.matchLabels with the labels in the Pod template.")
def test_three_pods_become_ready(lab: Lab) -> None:
    """Applying replicaset.yaml gives three ready Pods."""
    lab.apply("replicaset.yaml").replicaset("counter").pods.wait(ready(3))


@only_replicasets
@pytest.mark.points(2)
@pytest.mark.hint("The ReplicaSet counts its Pods all the time; replicas says how many it wants.")
def test_a_deleted_pod_is_replaced(lab: Lab) -> None:
    """A deleted Pod is replaced by another one."""
    pods = lab.apply("replicaset.yaml").replicaset("counter").pods
    victim, *_ = pods.wait(ready(3))

    victim.delete()

    pods.wait(ready(3, without=victim))


@only_replicasets
@pytest.mark.points(2)
@pytest.mark.hint("Start with busybox:1.36; the lab itself changes the template to busybox:1.37.")
def test_another_image_reaches_new_pods_only(lab: Lab) -> None:
    """A new image in the template changes no running Pod; only the replacement of a deleted one has it."""
    counter = lab.apply("replicaset.yaml").replicaset("counter")
    victim, *_ = counter.pods.wait(ready(3))

    counter.set_image("busybox:1.37")

    counter.pods.hold(all_with_image("busybox:1.36"), seconds=2)
    victim.delete()
    counter.pods.wait(one_with_image("busybox:1.37"))


@only_replicasets
@pytest.mark.points(1)
@pytest.mark.hint("A ReplicaSet owns what its selector finds: here the Pods with app=counter.")
def test_a_pod_that_loses_its_label_is_let_go(lab: Lab) -> None:
    """A Pod without the label app=counter runs on by itself, another takes its place, and no Pod is lost."""
    pods = lab.apply("replicaset.yaml").replicaset("counter").pods
    leaver, *_ = pods.wait(ready(3))

    with lab.history() as change:
        leaver.label(app=None)
        leaver.wait(unowned())
        pods.wait(ready(3, without=leaver))

    change.never(fewer_ready_than(3))


@pytest.mark.kinds("ReplicaSet", "Pod")
@pytest.mark.points(2)
@pytest.mark.hint("An orphan is adopted by the ReplicaSet whose selector finds it; give it the label.")
def test_an_orphan_is_adopted(lab: Lab) -> None:
    """The Pod of orphan.yaml is there first, and becomes one of the three."""
    orphan = lab.apply("orphan.yaml").pod("orphan").wait(running())

    pods = lab.apply("replicaset.yaml").replicaset("counter").pods

    pods.wait(including(orphan))
    pods.wait(ready(3))
