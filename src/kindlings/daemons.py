"""Conditions on the Pods of a DaemonSet, node by node, and what of a node decides whether it gets one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from kindlings import objects
from kindlings.conditions import SETTLED, Basic, Met, NotYet, what_is_there

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kindlings.conditions import Condition, HasUid, Scene, Target, Verdict
    from kindlings.recorder import Object

_STILL: Final = 1.5
"""Seconds after which the nodes that a DaemonSet's controller has chosen count as all it will choose."""

_ON_THE_WAY: Final = frozenset({"ContainerCreating", "PodInitializing"})

_ALWAYS_TOLERATED: Final = frozenset({"not-ready", "unreachable", "disk-pressure", "memory-pressure"}) | {
    "pid-pressure",
    "unschedulable",
}
"""Taints under node.kubernetes.io/ that the controller itself lets its Pods tolerate.

Source: https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#taints-and-tolerations
"""


@dataclass(frozen=True)
class Taint:
    """What keeps Pods without a fitting toleration off a node, as `kubectl describe node` writes it."""

    key: str
    effect: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.key}{f'={self.value}' if self.value else ''}:{self.effect}"


@dataclass(frozen=True)
class Node:
    """A node of the cluster, by what decides which Pods it gets."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    taints: tuple[Taint, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, node: Object) -> Node:
        """Return what the API says of a node, without the taints that stand in no DaemonSet's way."""
        taints = [
            Taint(str(one["key"]), str(one["effect"]), str(one.get("value") or ""))
            for one in node["spec"].get("taints") or []
        ]
        hard = [one for one in taints if one.effect != "PreferNoSchedule" and not _always_tolerated(one)]
        return cls(objects.name(node), dict(node["metadata"].get("labels") or {}), tuple(hard))


def _always_tolerated(taint: Taint) -> bool:
    domain, _, name = taint.key.rpartition("/")
    return domain == "node.kubernetes.io" and name in _ALWAYS_TOLERATED


def tolerates(toleration: Mapping[str, Any], taint: Taint) -> bool:
    """Tell whether a toleration of a Pod fits a taint of a node.

    Source: https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
    """
    key, effect = toleration.get("key"), toleration.get("effect")
    if effect not in {None, "", taint.effect}:
        return False
    if toleration.get("operator") == "Exists":
        return key in {None, "", taint.key}
    return bool(key == taint.key and str(toleration.get("value") or "") == taint.value)


@dataclass(frozen=True)
class OneOnEach(Basic):
    """See one_on_each."""

    nodes: tuple[Node, ...]
    without: str | None
    living = True
    """The containers must be alive when it is said that they are ready."""
    orders = True
    """The Pods come in the order of their nodes."""

    def describe(self, target: Target) -> str:
        """Name the nodes."""
        pods = f"one ready Pod of {target.title.removeprefix('the Pods of ')} on each of the nodes"
        names = ", ".join(node.name for node in self.nodes)
        return f"{pods} {names}{', the deleted one replaced' if self.without else ''}"

    def check(self, scene: Scene) -> Verdict:
        """Judge by where the Pods run, and by how many nodes the controller has chosen."""
        alive = [one for one in scene.alive if objects.uid(one) != self.without]
        if self.without and any(objects.uid(one) == self.without for one in scene.alive):
            return NotYet("the deleted Pod is still there")
        pods = [one for node in self.nodes for one in alive if _node_of(one) == node.name]
        empty = self.empty(scene)
        if not empty and len(pods) == len(self.nodes) == len(alive) and all(map(objects.is_ready, pods)):
            return Met(pods, SETTLED)
        if not empty:
            return NotYet(what_is_there(scene))
        owner = scene.target.owner(scene.snapshot)
        chosen = owner is not None and _wanted(owner) == len(self.nodes) - len(empty)
        # Which of the others is on its way to readiness is chance; a trouble is not.
        troubles = sorted({objects.trouble(one) for one in alive} - {"", *_ON_THE_WAY})
        there = f"; elsewhere {', '.join(troubles)}" if troubles else ""
        names = ", ".join(node.name for node in empty)
        return NotYet(f"no Pod on {names}{there}", _STILL if chosen else None)

    def empty(self, scene: Scene) -> list[Node]:
        """Return the nodes that have no Pod at that moment."""
        taken = {_node_of(one) for one in scene.alive}
        return [node for node in self.nodes if node.name not in taken]


def _node_of(pod: Object) -> str:
    return str((pod.get("spec") or {}).get("nodeName") or "")


def _wanted(owner: Object) -> int:
    """Return how many nodes the DaemonSet's controller has chosen, -1 before it has looked."""
    status = owner.get("status") or {}
    if status.get("observedGeneration", 0) < owner["metadata"].get("generation", 0):
        return -1
    return int(status.get("desiredNumberScheduled", -1))


def one_on_each(nodes: Sequence[Node], *, without: HasUid | None = None) -> Condition:
    """Exactly one Pod on each of `nodes` and no other, all ready, none of them `without`; in their order."""
    return OneOnEach(tuple(nodes), without.uid if without else None)
