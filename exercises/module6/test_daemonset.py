"""A DaemonSet keeps one Pod on every node, and changes them node by node."""

import pytest

from kindlings import Lab, all_with_image, fewer_ready_than, one_on_each, rolled_out, rollout_stalled

pytestmark = pytest.mark.needs("nodes>=3")
only_daemonsets = pytest.mark.kinds("DaemonSet")


@only_daemonsets
@pytest.mark.points(2)
@pytest.mark.hint("`kubectl describe nodes` shows the taints; spec.template.spec.tolerations answers them.")
def test_every_node_has_one_pod(lab: Lab) -> None:
    """Every node has one ready Pod, the control plane's node too."""
    lab.apply("daemonset.yaml").daemonset("agent").pods.wait(one_on_each(lab.nodes))


@only_daemonsets
@pytest.mark.points(1)
@pytest.mark.hint("env has valueFrom.fieldRef beside value: the kubelet fills it in for each Pod.")
def test_each_pod_knows_its_node(lab: Lab) -> None:
    """Each Pod has the name of its own node in the variable NODE_NAME."""
    agent = lab.apply("daemonset.yaml").daemonset("agent")

    for pod in agent.pods.wait(one_on_each(lab.nodes)):
        pod.exec("agent", "env").shows(f"NODE_NAME={pod.node}")


@only_daemonsets
@pytest.mark.points(1)
@pytest.mark.hint("A DaemonSet counts by node: a node without a Pod gets one.")
def test_a_deleted_pod_comes_back_on_its_node(lab: Lab) -> None:
    """A deleted Pod is replaced by another one on the same node."""
    pods = lab.apply("daemonset.yaml").daemonset("agent").pods
    victim, *_ = pods.wait(one_on_each(lab.nodes))

    victim.delete()

    pods.wait(one_on_each(lab.nodes, without=victim))


@only_daemonsets
@pytest.mark.points(2)
@pytest.mark.hint("updateStrategy says whether Pods are replaced, and how many of them at once.")
def test_an_update_goes_node_by_node(lab: Lab) -> None:
    """A new image reaches every node, and at no moment is more than one node without a ready Pod."""
    agent = lab.apply("daemonset.yaml").daemonset("agent")
    agent.pods.wait(one_on_each(lab.nodes))

    with lab.history() as update:
        agent.set_image("busybox:1.37").wait(rolled_out())

    update.never(fewer_ready_than(len(lab.nodes) - 1), of=agent.pods)
    agent.pods.wait(all_with_image("busybox:1.37"))


@only_daemonsets
@pytest.mark.commands("rollout undo --to-revision")
@pytest.mark.points(2)
@pytest.mark.hint("kubectl rollout undo wants the kind and the name: daemonset agent.")
def test_a_bad_update_is_undone(lab: Lab) -> None:
    """A missing image costs one node its Pod, no more, and with undo.sh it is back with busybox:1.36."""
    agent = lab.apply("daemonset.yaml").daemonset("agent")
    agent.pods.wait(one_on_each(lab.nodes))

    with lab.history() as update:
        agent.set_image("busybox:22").wait(rollout_stalled())
        lab.run("undo.sh")
        agent.wait(rolled_out())

    update.never(fewer_ready_than(len(lab.nodes) - 1), of=agent.pods)
    agent.pods.wait(all_with_image("busybox:1.36"))
