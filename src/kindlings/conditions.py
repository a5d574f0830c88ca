"""What a lab waits for: pure predicates over a snapshot, each saying what it expects and what it lacks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from kindlings import objects

if TYPE_CHECKING:
    from collections.abc import Callable

    from kindlings.recorder import Object, Snapshot


PATIENCE: Final = 30.0
"""Seconds that a condition is awaited by default; on two busy cores a Pod with a volume needs about 6."""


SETTLED: Final = 0.25
"""Seconds that a Pod must stay ready at least before it counts, and then its containers must be alive.

Without a readinessProbe a container is ready from its start on, and the kubelet looks only once a second, or
later under load, whether it has ended: one that crashes at once is reported as ready for a while. A machine
that was slow to start it is as slow to end it, so the time grows with that of the wait (see waiting.wait).
"""

_UNCHANGED: Final = 2.0
"""Seconds after which a number that was asked for counts as meant."""

_NO_CONSUMER: Final = 2.0
"""Seconds in which a controller makes the Pod of a claim that it has made; as a rule in a tenth of one."""

TROUBLES: Final = frozenset({"image", "start", "crash", "ended", "config", "pending", "creation", "volume"})
"""All families of symptoms."""


@dataclass(frozen=True)
class Met:
    """The condition holds, for `objects`; only for good once it has held for `settles` seconds at least."""

    objects: list[Object]
    settles: float = 0.0
    what: str = ""
    """What is there, where the condition is one that should never hold."""


@dataclass(frozen=True)
class NotYet:
    """The condition does not hold; `why` says what is there instead.

    With `ends_after`, the wait ends when it has been so for that many seconds: nobody is about to change it.
    """

    why: str
    ends_after: float | None = None


@dataclass(frozen=True)
class Impossible:
    """The condition can never hold any more; `proof` says why that is certain."""

    proof: str


Verdict = Met | NotYet | Impossible


@dataclass(frozen=True)
class Target:
    """Whose objects are judged: a title for the learner, and the choice from a snapshot."""

    title: str
    kind: str
    select: Callable[[Snapshot], list[Object]]
    owner: Callable[[Snapshot], Object | None] = lambda _: None
    """The controller whose Pods these are, where there is one."""
    plural: bool = False
    """Whether a number of objects is meant (the Pods of a ReplicaSet) rather than one by its name."""
    parts: Callable[[Snapshot], list[Object]] = lambda _: []
    """What else is looked at for troubles: the ReplicaSets and Pods of a controller."""


@dataclass(frozen=True)
class Scene:
    """What a condition judges: the target's objects, and all that was there at that moment."""

    target: Target
    snapshot: Snapshot

    @property
    def objects(self) -> list[Object]:
        """Return the target's objects, terminating ones too."""
        return self.target.select(self.snapshot)

    @property
    def alive(self) -> list[Object]:
        """Return the target's objects that are not terminating."""
        return [one for one in self.objects if not objects.terminating(one)]


@runtime_checkable
class Condition(Protocol):
    """A predicate that can explain itself."""

    @property
    def tolerates(self) -> frozenset[str]:
        """Return the families of symptoms that do not end the waiting, being part of what is awaited."""

    @property
    def patience(self) -> float:
        """Return the seconds after which nobody would wait any longer."""

    def describe(self, target: Target) -> str:
        """Say what is expected of `target`."""

    def check(self, scene: Scene) -> Verdict:
        """Judge one moment."""


@dataclass(frozen=True)
class Basic:
    """What every condition has: no trouble is part of what it awaits, and it waits the usual time."""

    tolerates: frozenset[str] = field(default=frozenset(), kw_only=True)
    patience: float = field(default=PATIENCE, kw_only=True)


def plural(count: int, noun: str) -> str:
    """Return "1 container", "3 containers"."""
    return f"{count} {noun}" + ("" if count == 1 else "s")


def describe_pod(pod: Object) -> str:
    """Say a Pod's state as `kubectl get pods` would: "1/3 Running", "0/1 ErrImagePull"."""
    ready, total = objects.readiness(pod)
    state = "Terminating" if objects.terminating(pod) else objects.trouble(pod) or objects.phase(pod)
    reason = (pod.get("status") or {}).get("reason")
    return f"{ready}/{total} {reason or state}"


def _state(one: Object) -> str:
    if objects.terminating(one):
        return "Terminating"
    return objects.phase(one) if (one.get("status") or {}).get("phase") or one["kind"] == "Pod" else "there"


def what_is_there(scene: Scene) -> str:
    """Say which of the target's objects there are, and in what state."""
    found = scene.objects
    if not found:
        return f"no {scene.target.kind}" if scene.target.plural else f"no {scene.target.title}"
    if scene.target.plural and scene.target.kind == "Pod":
        # Which of several crashing Pods is up at this moment is chance: the trouble itself is said.
        troubles = sorted({objects.trouble(one) for one in scene.alive} - {"", "ContainerCreating"})
        if troubles:
            return f"{plural(len(found), 'Pod')}: {', '.join(troubles)}"
        states = Counter(describe_pod(one) for one in found)
        return ", ".join(f"{plural(count, 'Pod')} {state}" for state, count in sorted(states.items()))
    if scene.target.kind != "Pod":
        return ", ".join(f"{objects.title(one)} is {_state(one)}" for one in found)
    return ", ".join(f"Pod {objects.name(one)} is {describe_pod(one)}" for one in found)


def _ended(pod: Object) -> str:
    """Say that a Pod has ended for good (a terminal phase is never left), or nothing."""
    phase = objects.phase(pod)
    return f"Pod {objects.name(pod)} has ended: {phase}" if phase in {"Succeeded", "Failed"} else ""


@dataclass(frozen=True)
class _Ready(Basic):
    count: int
    without: str | None
    living = True
    """The containers must be alive when it is said that they are ready."""
    where = ("replicas",)

    def describe(self, target: Target) -> str:
        if not target.plural:
            return f"{target.title} ready"
        pods = f"exactly {plural(self.count, 'ready Pod')} among {target.title}"
        return f"{pods}, the deleted one replaced" if self.without else pods

    def check(self, scene: Scene) -> Verdict:
        alive = [one for one in scene.alive if objects.uid(one) != self.without]
        if self.without and any(objects.uid(one) == self.without for one in scene.alive):
            return NotYet("the deleted Pod is still there")
        ready = [one for one in alive if objects.is_ready(one)]
        if len(ready) == self.count == len(alive):
            return Met(ready, SETTLED)
        if not scene.target.plural and alive and _ended(alive[0]):
            return Impossible(_ended(alive[0]))
        owner = scene.target.owner(scene.snapshot) if scene.target.plural else None
        wanted = owner["spec"].get("replicas", 1) if owner and owner["kind"] != "DaemonSet" else self.count
        if wanted != self.count:
            # The number may just have been changed; what stays so is what the file says.
            return NotYet(f"{objects.title(owner or {})} asks for {plural(wanted, 'replica')}", _UNCHANGED)
        if owner and owner["spec"].get("paused") and len(alive) < self.count:
            return NotYet(f"{objects.title(owner)} is paused", _UNCHANGED)
        return NotYet(what_is_there(scene))


def ready(count: int = 1, *, without: HasUid | None = None) -> Condition:
    """Exactly `count` Pods that are not terminating, all of them ready, none of them `without`."""
    return _Ready(count, without.uid if without else None)


class HasUid(Protocol):
    """What has an identity of its own in the cluster."""

    @property
    def uid(self) -> str:
        """Return metadata.uid."""


@dataclass(frozen=True)
class _ContainersReady(Basic):
    count: int
    living = True

    def describe(self, target: Target) -> str:
        return f"{target.title} with {self.count}/{self.count} containers ready"

    def check(self, scene: Scene) -> Verdict:
        for pod in scene.alive:
            if objects.readiness(pod) == (self.count, self.count) and objects.is_ready(pod):
                return Met([pod], SETTLED)
            total = len(objects.containers(pod))
            if total != self.count:
                return Impossible(
                    f"Pod {objects.name(pod)} has {plural(total, 'container')}, not {self.count}"
                )
            if _ended(pod):
                return Impossible(_ended(pod))
        return NotYet(what_is_there(scene))


def containers_ready(count: int) -> Condition:
    """Return the Pod's `count` containers, all of them ready: READY shows count/count."""
    return _ContainersReady(count)


@dataclass(frozen=True)
class _Succeeded(Basic):
    where = ("restartPolicy",)

    def describe(self, target: Target) -> str:
        return f"{target.title} run to its end: phase Succeeded"

    def check(self, scene: Scene) -> Verdict:
        for pod in scene.alive:
            if objects.phase(pod) == "Succeeded":
                return Met([pod])
            if objects.phase(pod) == "Failed":
                return Impossible(f"Pod {objects.name(pod)} has Failed")
            if objects.restart_policy(pod) == "Always":
                return Impossible(f"Pod {objects.name(pod)} has restartPolicy Always and can never end")
        return NotYet(what_is_there(scene))


def succeeded() -> Condition:
    """All containers of the Pod have ended with exit code 0 and stay ended."""
    return _Succeeded()


@dataclass(frozen=True)
class _Unready(Basic):
    def describe(self, target: Target) -> str:
        return f"{target.title} reported as not ready"

    def check(self, scene: Scene) -> Verdict:
        ready = [one for one in scene.alive if objects.is_ready(one)]
        return NotYet(what_is_there(scene)) if ready else Met(scene.objects)


def unready() -> Condition:
    """Whether no Pod of the target is ready."""
    return _Unready(tolerates=TROUBLES)


@dataclass(frozen=True)
class _Running(Basic):
    def describe(self, target: Target) -> str:
        return f"{target.title} running"

    def check(self, scene: Scene) -> Verdict:
        for pod in scene.alive:
            running = {one["name"] for one in objects.statuses(pod) if "running" in (one.get("state") or {})}
            if all(one["name"] in running for one in objects.containers(pod)):
                return Met([pod])
            if _ended(pod):
                return Impossible(_ended(pod))
        return NotYet(what_is_there(scene))


def running() -> Condition:
    """All containers of the Pod have been started, which says nothing of the next moment."""
    return _Running()


@dataclass(frozen=True)
class _Restarted(Basic):
    times: int

    def describe(self, target: Target) -> str:
        times = "once" if self.times == 1 else f"{self.times} times"
        return f"a container of {target.title} restarted {times} and running"

    def check(self, scene: Scene) -> Verdict:
        for pod in scene.alive:
            for status in objects.statuses(pod):
                if status.get("restartCount", 0) >= self.times and "running" in (status.get("state") or {}):
                    return Met([pod])
            if _ended(pod):
                return Impossible(_ended(pod))
        return NotYet(what_is_there(scene))


def restarted(times: int = 1) -> Condition:
    """Return whether the kubelet has restarted a container of the Pod, and it runs again."""
    return _Restarted(times, tolerates=frozenset({"crash"}))


@dataclass(frozen=True)
class _Gone(Basic):
    def describe(self, target: Target) -> str:
        return f"no {target.kind}" if target.plural else f"no {target.title}"

    def check(self, scene: Scene) -> Verdict:
        return NotYet(what_is_there(scene)) if scene.objects else Met([])


def gone() -> Condition:
    """Nothing of the target is there, not even terminating."""
    # A Pod may take its termination grace period, 30 s by default, where nothing shortens it.
    return _Gone(tolerates=TROUBLES, patience=PATIENCE + 35)


@dataclass(frozen=True)
class _Bound(Basic):
    at_least: str
    where = ("resources", "requests", "storage")

    def describe(self, target: Target) -> str:
        return f"{target.title} Bound to a volume" + (f" of {self.at_least}" if self.at_least else "")

    def check(self, scene: Scene) -> Verdict:
        for claim in scene.alive:
            if objects.phase(claim) == "Bound":
                size = (claim["status"].get("capacity") or {}).get("storage")
                if not self.at_least or _amount(size) >= _amount(self.at_least):
                    return Met([claim])
                return Impossible(f"{objects.title(claim)} is Bound to a volume of {size}")
            if _waits_for_nobody(claim, scene.snapshot):
                return NotYet(f"{objects.title(claim)} is Pending, and no Pod mounts it", _NO_CONSUMER)
        return NotYet(what_is_there(scene))


def _waits_for_nobody(claim: Object, snapshot: Snapshot) -> bool:
    """Tell whether the claim gets its volume only when a Pod mounts it, and none does.

    Source: https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode
    """
    reasons = {event.get("reason") for event in snapshot.events_of(objects.uid(claim))}
    mounted = any(objects.name(claim) in objects.claims_of(pod) for pod in snapshot.all("Pod"))
    return "WaitForFirstConsumer" in reasons and not mounted


def _amount(quantity: object) -> float:
    return float(objects.quantity(quantity) or 0)


def bound(*, at_least: str = "") -> Condition:
    """Whether the claim has got its volume, and one of that size (10Mi) or more."""
    return _Bound(at_least)


@dataclass(frozen=True)
class _FewerReady(Basic):
    count: int
    about = "unavailable"

    def describe(self, target: Target) -> str:
        return f"fewer than {self.count} ready among {target.title}"

    def check(self, scene: Scene) -> Verdict:
        ready = [one for one in scene.alive if objects.is_ready(one)]
        if len(ready) < self.count:
            return Met(ready, what=f"{plural(len(ready), 'Pod')} ready")
        return NotYet(f"{len(ready)} ready")


def fewer_ready_than(count: int) -> Condition:
    """Fewer than `count` of the Pods are ready: what a rollout must never come to."""
    return _FewerReady(count)
