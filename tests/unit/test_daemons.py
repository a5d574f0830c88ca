"""DaemonSets node by node: which nodes have a Pod, and which of the learner's lines keeps Pods off one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from kindlings import explain
from kindlings.conditions import Met, NotYet, Scene, Target, fewer_ready_than
from kindlings.daemons import Node, Taint, one_on_each, tolerates
from kindlings.explain import strategies, variables
from kindlings.explain.sources import Sources
from kindlings.waiting import Unmet
from tests.unit.fakes import document, pod, snapshot, waiting

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.conditions import Verdict
    from kindlings.recorder import Object

TAINT = Taint("node-role.kubernetes.io/control-plane", "NoSchedule")
NODES = [Node("control", {"role": "boss"}, (TAINT,)), Node("worker", {"role": "hand"})]
MANIFEST = """\
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
spec:
  template:
    spec:
"""


def daemonset(wanted: int, seen: int = 1) -> Object:
    """Return a DaemonSet whose controller has chosen that many nodes."""
    return {
        "kind": "DaemonSet",
        "metadata": {"name": "agent", "uid": "uid-ds", "generation": 1},
        "spec": {},
        "status": {"observedGeneration": seen, "desiredNumberScheduled": wanted},
    }


def judged(owner: Object, *pods: Object, without: Any = None) -> tuple[Verdict, Scene]:
    """Return what one_on_each says of these Pods."""
    target = Target(
        "the Pods of DaemonSet agent", "Pod", lambda moment: moment.all("Pod"), lambda _: owner, plural=True
    )
    now = Scene(target, snapshot(owner, *pods))
    return one_on_each(NODES, without=without).check(now), now


def on(node: str, **fields: Any) -> Object:
    """Return a Pod of the DaemonSet on that node."""
    return pod(f"agent-{node}", nodeName=node, **fields)


def test_one_ready_pod_on_each_node_is_met_in_the_order_of_the_nodes() -> None:
    """Whichever Pod came first."""
    verdict, _ = judged(daemonset(2), on("worker"), on("control"))
    assert isinstance(verdict, Met)
    assert [one["spec"]["nodeName"] for one in verdict.objects] == ["control", "worker"]


def test_a_pod_that_is_not_ready_is_awaited() -> None:
    """It may become so."""
    assert judged(daemonset(2), on("worker"), on("control", ready=False))[0] == NotYet(
        "1 Pod 0/1 Running, 1 Pod 1/1 Running"
    )


def test_a_second_pod_on_a_node_is_one_too_many() -> None:
    """One on each, not one at least."""
    more = pod("agent-2", nodeName="worker")
    assert isinstance(judged(daemonset(2), on("worker"), more, on("control"))[0], NotYet)


def test_a_node_that_was_not_chosen_is_not_awaited() -> None:
    """Once the controller has looked, and chosen as many nodes as have a Pod."""
    verdict, _ = judged(daemonset(1), on("worker"))
    assert isinstance(verdict, NotYet)
    assert verdict.why == "no Pod on control"
    assert verdict.ends_after


@pytest.mark.parametrize("owner", [daemonset(2), daemonset(1, seen=0)])
def test_a_node_whose_pod_may_come_is_awaited(owner: Object) -> None:
    """It was chosen, or the controller has not looked."""
    assert judged(owner, on("worker", statuses=[waiting("ErrImagePull")]))[0] == NotYet(
        "no Pod on control; elsewhere ErrImagePull"
    )


def test_a_deleted_pod_must_be_another_one() -> None:
    """The old one still counts for nothing."""
    old = SimpleNamespace(uid="uid-agent-worker")
    verdict, _ = judged(daemonset(2), on("worker"), on("control"), without=old)
    assert verdict == NotYet("the deleted Pod is still there")


def test_a_node_tells_its_hard_taints_only() -> None:
    """What the DaemonSet's controller tolerates for its Pods, or what merely prefers, keeps none off."""
    written = [
        {"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"},
        {"key": "slow", "effect": "PreferNoSchedule"},
        {"key": "team", "value": "a", "effect": "NoSchedule"},
    ]
    node = Node.of({"metadata": {"name": "n", "labels": {"a": "b"}}, "spec": {"taints": written}})
    assert [str(taint) for taint in node.taints] == ["team=a:NoSchedule"]
    assert node.labels == {"a": "b"}


@pytest.mark.parametrize(
    ("toleration", "fits"),
    [
        ({"operator": "Exists"}, True),
        ({"key": TAINT.key, "operator": "Exists"}, True),
        ({"key": TAINT.key, "effect": "NoSchedule"}, True),
        ({"key": TAINT.key, "value": "true"}, False),
        ({"key": TAINT.key, "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "other", "operator": "Exists"}, False),
    ],
)
def test_a_toleration_fits_by_key_value_and_effect(toleration: dict[str, str], *, fits: bool) -> None:
    """As the scheduler and the DaemonSet's controller compare them."""
    assert tolerates(toleration, TAINT) is fits


@pytest.mark.parametrize(
    ("spec", "because"),
    [
        ("containers: []", "and the Pod's spec (single-container.yaml:7) has no toleration for it"),
        ("tolerations: [{key: other}]", "and the toleration is for other (single-container.yaml:8)"),
        (
            f"tolerations: [{{key: {TAINT.key}, effect: NoExecute}}]",
            "and the toleration is for the effect NoExecute (single-container.yaml:8)",
        ),
        (
            f"tolerations: [{{key: {TAINT.key}, value: x}}]",
            "and the toleration asks for the value x (single-container.yaml:8), where the taint has none; "
            "operator: Exists takes any",
        ),
        (
            "nodeSelector: {role: hand}",
            "nodeSelector asks for role=hand (single-container.yaml:8), and node control has role=boss",
        ),
        (
            'nodeSelector: {only-here: ""}',
            "nodeSelector asks for the label only-here (single-container.yaml:8), "
            "and node control has no label only-here",
        ),
        ("tolerations: [{operator: Exists}]", ""),
    ],
)
def test_a_node_that_is_left_out_is_some_lines_fault(tmp_path: Path, spec: str, because: str) -> None:
    """The taint and what should tolerate it, or the selector that the node does not meet."""
    condition = one_on_each(NODES)
    _, now = judged(daemonset(1), on("worker"))
    sources = Sources([document(tmp_path, f"{MANIFEST}      {spec}\n")], "lab")
    verdict = Unmet(condition, now.target, condition.describe(now.target), "this", now.snapshot)
    told = explain.unmet(verdict, sources).findings
    assert told.because.endswith(because)
    assert bool(told.because) is bool(because)


@pytest.mark.parametrize(
    ("env", "because"),
    [
        ("[]", "container agent (single-container.yaml:9) has no NODE in its env"),
        ("[{name: NODE, value: x}]", "NODE has the fixed value x (single-container.yaml:9)"),
        (
            "[{name: NODE, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]",
            "NODE is taken from fieldRef metadata.name (single-container.yaml:9)",
        ),
    ],
)
def test_a_variable_comes_from_a_line(tmp_path: Path, env: str, because: str) -> None:
    """Be it a value, a reference, or the container that lacks it."""
    text = f"{MANIFEST}      containers:\n        - {{name: agent, env: {env}}}\n"
    sources = Sources([document(tmp_path, text)], "lab")
    assert variables.source("NODE", "agent", sources.documents[0], sources) == because


@pytest.mark.parametrize(
    ("strategy", "saw", "because"),
    [
        (
            "{type: OnDelete}",
            "strategy OnDelete waits until somebody deletes 2 old Pods",
            "updateStrategy.type is OnDelete (single-container.yaml:6): a node keeps its old Pod until "
            "somebody deletes it",
        ),
        (
            "{rollingUpdate: {maxUnavailable: 2}}",
            "0 Pods ready",
            "maxUnavailable is 2 (single-container.yaml:6): so many nodes at once may be without a ready Pod",
        ),
        ("{}", "0 Pods ready", ""),
    ],
)
def test_a_strategy_is_some_lines_fault(tmp_path: Path, strategy: str, saw: str, because: str) -> None:
    """No Pod is replaced, or too many are at once."""
    text = MANIFEST.replace("spec:\n", f"spec:\n  updateStrategy: {strategy}\n", 1)
    _, now = judged(daemonset(2))
    condition = fewer_ready_than(2)
    verdict = Unmet(condition, now.target, condition.describe(now.target), saw, now.snapshot)
    assert strategies.because(verdict, document(tmp_path, f"{text}      containers: []\n")) == because
