"""A DaemonSet's Pods are alike, and each can keep what it writes on its own node."""

import secrets

import pytest

from kindlings import Lab, env_from_field, goes_on_after, mounts_from_node, ready, says


@pytest.mark.kinds("DaemonSet")
@pytest.mark.needs("nodes>=3", "host-path")
@pytest.mark.points(2)
@pytest.mark.hint("hostPath takes a path and a type: DirectoryOrCreate makes the folder where it is missing.")
def test_each_node_keeps_its_own_count(lab: Lab) -> None:
    """A Pod that replaces another finds the count of its own node, and of no other."""
    pods = lab.apply("daemonset.yaml").daemonset("counter").pods
    victim, other = pods.wait(ready(2))
    pods.wait(mounts_from_node("/app", folder="/var/lib/kindlings/module7"))
    pods.wait(env_from_field("NODE", "spec.nodeName"))
    marks = {one.name: f"mark-{secrets.token_hex(4)}" for one in (victim, other)}
    for one in (victim, other):
        one.logs("counter").wait(says(f"by {one.name} on {one.node}"))
        one.exec("counter", "touch", f"/app/{marks[one.name]}")

    victim.delete()

    [successor] = [one for one in pods.wait(ready(2, without=victim)) if one.uid != other.uid]
    for one, left in ((successor, marks[victim.name]), (other, marks[other.name])):
        one.exec("counter", "ls", "/app").shows(f"counter.txt\n{left}\n")
    successor.logs("counter").wait(goes_on_after(1))
