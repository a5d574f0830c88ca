"""Conditions on a StatefulSet's Pods and on the claims that it makes for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kindlings import objects
from kindlings.conditions import Basic, Met, NotYet, what_is_there

if TYPE_CHECKING:
    from kindlings.conditions import Condition, Scene, Target, Verdict
    from kindlings.recorder import Object

_SEEN_TO: Final = 2.0
"""Seconds in which the StatefulSet's controller says whose a claim is; as a rule it takes a tenth of one."""


@dataclass(frozen=True)
class _OutOfOrder(Basic):
    where = ("podManagementPolicy",)

    def describe(self, target: Target) -> str:
        return f"one of {target.title} made before its predecessor is ready"

    def check(self, scene: Scene) -> Verdict:
        ready = {objects.name(pod) for pod in scene.alive if objects.is_ready(pod)}
        for pod in scene.alive:
            before = objects.predecessor(pod)
            if before and before not in ready:
                return Met([pod])
        return NotYet(what_is_there(scene))


def out_of_order() -> Condition:
    """Whether a StatefulSet's Pod is there while the one with the number before is not ready.

    Source: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#deployment-and-scaling-guarantees
    """
    return _OutOfOrder()


def _owner(claim: Object, kind: str) -> str:
    """Return the name of the claim's first owner of that kind, or ""."""
    owners = claim["metadata"].get("ownerReferences") or []
    return next((str(owner["name"]) for owner in owners if owner.get("kind") == kind), "")


@dataclass(frozen=True)
class _Retained(Basic):
    retained: bool
    where = ("persistentVolumeClaimRetentionPolicy", "whenDeleted")

    def describe(self, target: Target) -> str:
        return f"{target.title} to stay" if self.retained else f"{target.title} to go with its StatefulSet"

    def check(self, scene: Scene) -> Verdict:
        for one in scene.objects:
            owner = _owner(one, "StatefulSet")
            if bool(owner) is not self.retained:
                return Met([one])
            if owner:
                return NotYet(f"it is owned by StatefulSet {owner} and deleted with it", _SEEN_TO)
            return NotYet("it has no owner, so it stays when the StatefulSet is deleted", _SEEN_TO)
        return NotYet(what_is_there(scene))


def retained() -> Condition:
    """Whether the claim is owned by no StatefulSet, and so outlives it."""
    return _Retained(retained=True)


def goes_with_its_statefulset() -> Condition:
    """Whether the claim is owned by its StatefulSet, and so is deleted with it.

    Source: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention
    """
    return _Retained(retained=False)


@dataclass(frozen=True)
class _GoesWithItsPod(Basic):
    where = ("persistentVolumeClaimRetentionPolicy", "whenScaled")

    def describe(self, target: Target) -> str:
        return f"{target.title} to go with its Pod"

    def check(self, scene: Scene) -> Verdict:
        for one in scene.objects:
            if owner := _owner(one, "Pod"):
                return Met([one], what=f"it is owned by Pod {owner} and deleted with it")
        return NotYet(what_is_there(scene))


def goes_with_its_pod() -> Condition:
    """Whether the claim is owned by its Pod, which is to go: so it is when fewer replicas are asked for.

    Source: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention
    """
    return _GoesWithItsPod()
