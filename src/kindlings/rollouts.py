"""Conditions on rollouts of a Deployment, a DaemonSet or a StatefulSet, and on the versions there are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kindlings import objects
from kindlings.conditions import (
    PATIENCE,
    SETTLED,
    TROUBLES,
    Basic,
    Met,
    NotYet,
    plural,
    what_is_there,
)

if TYPE_CHECKING:
    from kindlings.conditions import Condition, Scene, Target, Verdict
    from kindlings.recorder import Object, Snapshot

REVISION: Final = "deployment.kubernetes.io/revision"
DEADLINE: Final = "ProgressDeadlineExceeded"
DEFAULT_DEADLINE: Final = 600
"""The API server's progressDeadlineSeconds.

Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#progress-deadline-seconds
"""
_GENERATION: Final = "deprecated.daemonset.template.generation"
_HASH: Final = "controller-revision-hash"
_STILL: Final = 2.0
"""Seconds after which a controller that has nothing left to do will not do more."""


def observed(controller: Object) -> bool:
    """Tell whether the controller's status speaks of its present spec."""
    seen = (controller.get("status") or {}).get("observedGeneration", 0)
    return bool(seen >= controller["metadata"].get("generation", 0))


def versions(controller: Object, snapshot: Snapshot) -> tuple[list[Object], list[Object]]:
    """Return the controller's Pods made from its present template, and those from earlier ones.

    Terminating Pods are left out.
    """
    new: list[Object] = []
    old: list[Object] = []
    for pod in objects.pods_of(snapshot, controller):
        if not objects.terminating(pod):
            (new if _is_new(pod, controller, snapshot) else old).append(pod)
    return new, old


def _is_new(pod: Object, controller: Object, snapshot: Snapshot) -> bool:
    """Tell whether a Pod is of the newest revision, by what its kind of controller writes on it."""
    labels, annotations = objects.labels_of(pod), objects.annotations_of(controller)
    if controller["kind"] == "StatefulSet":
        wanted = (controller.get("status") or {}).get("updateRevision")
        return bool(labels.get(_HASH) == wanted)
    if controller["kind"] == "DaemonSet":
        return labels.get(_HASH) in _newest(controller, snapshot)
    for made_by in objects.owned_by(snapshot, "ReplicaSet", controller):
        if _owns(made_by, pod):
            return objects.annotations_of(made_by).get(REVISION) == annotations.get(REVISION)
    return False


def _newest(daemonset: Object, snapshot: Snapshot) -> set[str | None]:
    """Return the revision hash of a DaemonSet's present template, as its Pods carry it.

    A rollback counts the generation up and brings an old hash back, also for Pods that were never replaced.
    """
    pods = objects.pods_of(snapshot, daemonset)
    wanted = objects.annotations_of(daemonset).get(_GENERATION)
    found = {
        objects.labels_of(one).get(_HASH)
        for one in pods
        if objects.labels_of(one).get("pod-template-generation") == wanted
    }
    updated = (daemonset.get("status") or {}).get("updatedNumberScheduled", 0)
    if not found and observed(daemonset) and updated == len(pods):
        found = {objects.labels_of(one).get(_HASH) for one in pods}  # nothing had to be replaced
    return found


def _owns(owner: Object, pod: Object) -> bool:
    references = pod["metadata"].get("ownerReferences") or []
    return any(one.get("uid") == objects.uid(owner) for one in references)


@dataclass(frozen=True)
class _Counts:
    """What a controller says of its Pods, whatever its kind calls it."""

    wanted: int
    there: int
    updated: int
    ready: int

    @classmethod
    def of(cls, controller: Object) -> _Counts:
        status = controller.get("status") or {}
        if controller["kind"] == "DaemonSet":
            wanted = status.get("desiredNumberScheduled", 0)
            # One for each node, so old and new are never more than are wanted; those not updated are old.
            updated = status.get("updatedNumberScheduled", 0)
            return cls(wanted, wanted, updated, status.get("numberAvailable", 0))
        wanted = controller["spec"].get("replicas", 1)
        ready = status.get("availableReplicas", status.get("readyReplicas", 0))
        return cls(wanted, status.get("replicas", 0), status.get("updatedReplicas", 0), ready)


def at_rest(controller: Object, snapshot: Snapshot) -> bool:
    """Tell whether a Deployment has nothing left to do."""
    counts, (_, old) = _Counts.of(controller), versions(controller, snapshot)
    same = counts.there == counts.updated == counts.ready == counts.wanted
    return observed(controller) and same and not old


def reported(controller: Object) -> bool:
    """Tell whether the controller says that it has all the Pods that it wants, and all of them ready."""
    counts = _Counts.of(controller)
    return observed(controller) and counts.there == counts.ready == counts.wanted


@dataclass(frozen=True)
class _RolledOut(Basic):
    patience: float = field(default=2 * PATIENCE, kw_only=True)
    living = True
    """The containers must be alive when it is said that they are ready."""

    def describe(self, target: Target) -> str:
        return f"{target.title} rolled out: every Pod of the new version and ready, none of an old one left"

    def check(self, scene: Scene) -> Verdict:
        for controller in scene.alive:
            if not observed(controller):
                return NotYet(
                    f"{objects.title(controller)} was changed, and its controller has not looked yet"
                )
            if controller["spec"].get("paused"):
                return NotYet(f"{objects.title(controller)} is paused", _STILL)
            return self._judge(controller, scene)
        return NotYet(what_is_there(scene))

    @staticmethod
    def _judge(controller: Object, scene: Scene) -> Verdict:
        counts = _Counts.of(controller)
        new, old = versions(controller, scene.snapshot)
        keeps = _kept_back(controller)
        if controller["kind"] == "DaemonSet" and not counts.wanted:
            return NotYet(f"no node takes a Pod of {objects.title(controller)}", _STILL)
        done = counts.updated + keeps >= counts.wanted and counts.there == counts.wanted == counts.ready
        # The Pods have a watch of their own, which may be behind the controller's or before it.
        if done and len(old) <= keeps and sum(map(objects.is_ready, new + old)) == counts.wanted:
            return Met(new + old, SETTLED)
        on_delete = _strategy(controller) == "OnDelete" and all(map(objects.is_ready, old))
        waits = f"; strategy OnDelete waits until somebody deletes {plural(len(old), 'old Pod')}"
        return NotYet(
            _progress(counts, new) + (waits if on_delete else ""), _STILL * 2 if on_delete else None
        )


def _strategy(controller: Object) -> str:
    spec = controller["spec"]
    return str((spec.get("updateStrategy") or spec.get("strategy") or {}).get("type") or "RollingUpdate")


def _kept_back(controller: Object) -> int:
    """Return how many Pods a StatefulSet's partition keeps on the old version."""
    if controller["kind"] != "StatefulSet" or _strategy(controller) == "OnDelete":
        return 0
    rolling = (controller["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    return min(int(rolling.get("partition") or 0), int(controller["spec"].get("replicas", 1)))


def _progress(counts: _Counts, new: list[Object]) -> str:
    updated = f"{counts.updated} of {plural(counts.wanted, 'Pod')} updated"
    troubles = sorted({objects.trouble(one) for one in new} - {"", "ContainerCreating", "PodInitializing"})
    if troubles:
        return f"{updated}; the new one is {' and '.join(troubles)}"
    return f"{updated}, {counts.ready} ready, {counts.there} there in all"


def rolled_out() -> Condition:
    """Whether the controller has replaced every Pod and all are ready: `kubectl rollout status` would end."""
    return _RolledOut()


@dataclass(frozen=True)
class _Stalled(Basic):
    about = "unavailable"
    tolerates: frozenset[str] = field(default=TROUBLES, kw_only=True)

    def describe(self, target: Target) -> str:
        return f"the rollout of {target.title} stopped by a new Pod that cannot start, old Pods still ready"

    def check(self, scene: Scene) -> Verdict:
        for controller in scene.alive:
            if not observed(controller):
                return NotYet(
                    f"{objects.title(controller)} was changed, and its controller has not looked yet"
                )
            new, old = versions(controller, scene.snapshot)
            stuck = [one for one in new if objects.trouble(one) == "ErrImagePull"]
            given_up = objects.condition(controller, "Progressing").get("reason") == DEADLINE
            if (stuck or given_up) and any(map(objects.is_ready, old)):
                return Met(stuck)
            if controller["spec"].get("paused"):
                return NotYet(f"{objects.title(controller)} is paused", _STILL)
            counts = _Counts.of(controller)
            if stuck:
                # How many of them have tried by now is chance.
                return NotYet("no old Pod ready any more, and a new one is ErrImagePull", _STILL)
            if counts.updated == counts.wanted == counts.ready and not old:
                return NotYet(f"the rollout has gone through: {plural(len(new), 'new Pod')} ready", _STILL)
            return NotYet(_progress(counts, new))
        return NotYet(what_is_there(scene))


def rollout_stalled() -> Condition:
    """Whether the rollout hangs, on a missing image or past its deadline, and old Pods are ready."""
    return _Stalled()


@dataclass(frozen=True)
class _GaveUp(Basic):
    within: float
    where = ("progressDeadlineSeconds",)
    tolerates: frozenset[str] = field(default=TROUBLES, kw_only=True)

    def describe(self, target: Target) -> str:
        return f"{target.title} to report {DEADLINE} within {self.within:g} s"

    def check(self, scene: Scene) -> Verdict:
        for controller in scene.alive:
            deadline = controller["spec"].get("progressDeadlineSeconds", DEFAULT_DEADLINE)
            if deadline > self.within:
                return NotYet(f"{objects.title(controller)} would wait for {deadline} s", _STILL)
            progressing = objects.condition(controller, "Progressing")
            if observed(controller) and progressing.get("reason") == DEADLINE:
                return Met([controller])
            reason = progressing.get("reason") or "nothing yet"
            return NotYet(f"{objects.title(controller)} reports {reason}")
        return NotYet(what_is_there(scene))


def deadline_exceeded(within: float) -> Condition:
    """Whether the Deployment reports that it makes no progress, `within` seconds or fewer after the last."""
    return _GaveUp(within, patience=within + PATIENCE)


@dataclass(frozen=True)
class _Revisions(Basic):
    count: int
    about = "revisions"

    def describe(self, target: Target) -> str:
        return f"{plural(self.count, 'ReplicaSet')} of {target.title}, one a version, the old at 0 Pods"

    def check(self, scene: Scene) -> Verdict:
        for controller in scene.alive:
            sets = objects.owned_by(scene.snapshot, "ReplicaSet", controller)
            sizes = {number(one): int((one.get("status") or {}).get("replicas", 0)) for one in sets}
            newest = max(sizes, default=0)
            rest = all(size == 0 for revision, size in sizes.items() if revision != newest)
            if len(sets) == self.count and rest and observed(controller):
                return Met(sets)
            listed = ", ".join(f"revision {one} with {plural(sizes[one], 'Pod')}" for one in sorted(sizes))
            # A revision that is there stays; one that is missing may come.
            return NotYet(listed or "no ReplicaSet", _STILL if rest and observed(controller) else None)
        return NotYet(what_is_there(scene))


def number(replicaset: Object) -> int:
    """Return the revision of a Deployment's ReplicaSet, as `kubectl rollout history` counts them."""
    return int(objects.annotations_of(replicaset).get(REVISION) or 0)


def revisions(count: int) -> Condition:
    """Whether the Deployment has `count` ReplicaSets, all but the newest with no Pod."""
    return _Revisions(count)


@dataclass(frozen=True)
class _MoreThan(Basic):
    count: int
    about = "surge"

    def describe(self, target: Target) -> str:
        return f"more than {self.count} Pods among {target.title}"

    def check(self, scene: Scene) -> Verdict:
        if len(scene.alive) > self.count:
            return Met(scene.alive, what=plural(len(scene.alive), "Pod"))
        return NotYet(plural(len(scene.alive), "Pod"))


def more_than(count: int) -> Condition:
    """More than `count` Pods that are not terminating: what a rollout may not need."""
    return _MoreThan(count, tolerates=TROUBLES)


@dataclass(frozen=True)
class _MixedImages(Basic):
    about = "mixed"

    def describe(self, target: Target) -> str:
        return f"different images at once among {target.title}"

    def check(self, scene: Scene) -> Verdict:
        # A terminating Pod still works; one that has ended is only a record.
        working = [one for one in scene.objects if objects.phase(one) not in {"Succeeded", "Failed"}]
        images = sorted({str(one.get("image")) for pod in working for one in objects.containers(pod)})
        found = f"Pods with {' and '.join(images) or 'no image'}"
        return Met(working, what=found) if len(images) > 1 else NotYet(found)


def mixed_images() -> Condition:
    """Pods of one container with different images at the same moment, terminating ones counted."""
    return _MixedImages(tolerates=TROUBLES)


@dataclass(frozen=True)
class _OwnedThrough(Basic):
    kinds: tuple[str, ...]

    def describe(self, target: Target) -> str:
        return f"{target.title} owned by a {', and that by a '.join(self.kinds)}"

    def check(self, scene: Scene) -> Verdict:
        chains = [_owners(pod, scene.snapshot) for pod in scene.alive]
        if chains and all(tuple(one["kind"] for one in chain) == self.kinds for chain in chains):
            return Met(scene.alive)
        for pod, chain in zip(scene.alive, chains, strict=True):
            if tuple(one["kind"] for one in chain) != self.kinds:
                above = ", owned by ".join(objects.title(one) for one in chain)
                return NotYet(f"Pod {objects.name(pod)} is owned by {above or 'nobody'}")
        return NotYet(what_is_there(scene))


def _owners(one: Object, snapshot: Snapshot) -> list[Object]:
    """Return the object's controller, that one's controller, and so on."""
    for reference in one["metadata"].get("ownerReferences") or []:
        owner = snapshot.with_uid(reference["kind"], reference["uid"])
        if reference.get("controller") and owner is not None:
            return [owner, *_owners(owner, snapshot)]
    return []


def owned_through(*kinds: str) -> Condition:
    """Whether every Pod is owned by an object of the first kind, that by one of the second, and so on."""
    return _OwnedThrough(kinds)
