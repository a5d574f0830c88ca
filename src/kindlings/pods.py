"""Conditions on several Pods at once: which image they run, and whose they are."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kindlings import objects
from kindlings.conditions import Basic, Impossible, Met, NotYet, plural, what_is_there
from kindlings.rollouts import at_rest

if TYPE_CHECKING:
    from kindlings.conditions import Condition, HasUid, Scene, Target, Verdict
    from kindlings.recorder import Object


_ADOPTION: Final = 5.0
"""Seconds in which a controller adopts a Pod, if it ever does; as a rule it takes a tenth of one."""

_AT_REST: Final = 1.0
"""Seconds after which a Deployment that has nothing left to do will not change its Pods' image."""

_WITHIN: Final = 15
"""Seconds in which a livenessProbe has to find out, if all goes well: what takes longer, no lab waits for."""

_LATE: Final = 6.0
"""Seconds that a busy machine may need beyond a probe's own, until it is known that one has failed."""

_HANGS: Final = re.compile(r"deadline exceeded|timed out|timeout", re.IGNORECASE)
"""How the kubelet says that no answer came; to be refused, or a 404, comes of what does not hang."""

_FULL: Final = re.compile(r"dial tcp \S+ i/o timeout")
"""What a probe of the port alone gets at last, when the queue of those whom nobody answers is full."""


def _images(pod: Object) -> set[str]:
    return {str(one.get("image")) for one in objects.containers(pod)}


def _labels(labels: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in labels.items()) or "no label"


def _shown(pods: list[Object]) -> str:
    counted = Counter(" and ".join(sorted(_images(pod))) for pod in pods)
    return ", ".join(f"{plural(count, 'Pod')} with {image}" for image, count in sorted(counted.items()))


@dataclass(frozen=True)
class _AllWithImage(Basic):
    image: str
    where = ("image",)

    def describe(self, target: Target) -> str:
        return f"{target.title} all with image {self.image}"

    def check(self, scene: Scene) -> Verdict:
        if scene.alive and all(_images(pod) == {self.image} for pod in scene.alive):
            return Met(scene.alive)
        owner = scene.target.owner(scene.snapshot)
        done = owner and owner["kind"] == "Deployment" and at_rest(owner, scene.snapshot)
        return NotYet(_shown(scene.alive) or what_is_there(scene), _AT_REST if done else None)


def all_with_image(image: str) -> Condition:
    """Whether every Pod that is not terminating runs `image` and nothing else."""
    return _AllWithImage(image)


@dataclass(frozen=True)
class _OneWithImage(Basic):
    image: str

    def describe(self, target: Target) -> str:
        return f"a ready one among {target.title} with image {self.image}"

    def check(self, scene: Scene) -> Verdict:
        found = [pod for pod in scene.alive if _images(pod) == {self.image} and objects.is_ready(pod)]
        return Met(found) if found else NotYet(_shown(scene.alive) or what_is_there(scene))


def one_with_image(image: str) -> Condition:
    """Whether at least one Pod is ready and runs `image`."""
    return _OneWithImage(image)


@dataclass(frozen=True)
class _Includes(Basic):
    uid: str
    name: str

    def describe(self, target: Target) -> str:
        return f"{self.name} among {target.title}"

    def check(self, scene: Scene) -> Verdict:
        found = [pod for pod in scene.alive if objects.uid(pod) == self.uid]
        if found:
            return Met(found)
        pod, owner = scene.snapshot.with_uid("Pod", self.uid), scene.target.owner(scene.snapshot)
        if pod is None or owner is None:
            return NotYet(f"no {self.name if pod is None else 'controller'}")
        asked = (owner["spec"].get("selector") or {}).get("matchLabels") or {}
        carried = _labels(pod["metadata"].get("labels") or {})
        why = f"{self.name} carries {carried}; {objects.title(owner)} selects {_labels(asked)}"
        return NotYet(why, _ADOPTION)


def including(pod: HasUid) -> Condition:
    """Whether `pod` is one of the target's."""
    return _Includes(pod.uid, str(pod))


@dataclass(frozen=True)
class _Unowned(Basic):
    def describe(self, target: Target) -> str:
        return f"{target.title} running, owned by no controller"

    def check(self, scene: Scene) -> Verdict:
        for pod in scene.alive:
            owners = pod["metadata"].get("ownerReferences") or []
            if not owners and objects.phase(pod) == "Running":
                return Met([pod])
            if owners:
                return NotYet(f"Pod {objects.name(pod)} is owned by {owners[0]['kind']} {owners[0]['name']}")
        return NotYet(what_is_there(scene))


def unowned() -> Condition:
    """Whether the Pod runs and belongs to no controller."""
    return _Unowned()


def _told(pod: Object, scene: Scene) -> list[str]:
    """Return what the cluster's events say of a Pod."""
    return [str(one.get("message")) for one in scene.snapshot.events_of(objects.uid(pod))]


def _has_acted(told: list[str]) -> bool:
    """Tell whether the kubelet has ended a container because its livenessProbe failed."""
    return any("failed liveness probe" in one for one in told)


def _at_the_earliest(probe: dict[str, Any]) -> int:
    """Return the seconds from a hang to where the kubelet acts, if it asks in that very moment."""
    # A command may give up before its time is over; a request gets no answer until then.
    timeout = 0 if probe.get("exec") else probe.get("timeoutSeconds", 1)
    times = probe.get("failureThreshold", 3)
    return int((times - 1) * max(probe.get("periodSeconds", 10), timeout) + timeout)


def _until_asked(probe: dict[str, Any]) -> int:
    """Return the seconds after which a first probe must have failed, however the moment is chosen."""
    return int(
        probe.get("initialDelaySeconds", 0) + probe.get("periodSeconds", 10) + probe.get("timeoutSeconds", 1)
    )


@dataclass(frozen=True)
class _RestartedByProbe(Basic):
    where = ("livenessProbe",)

    def describe(self, target: Target) -> str:
        return f"{target.title} restarted, as its livenessProbe found it hanging within {_WITHIN} s"

    def check(self, scene: Scene) -> Verdict:
        for pod in scene.alive:
            told = _told(pod, scene)
            if not _has_acted(told):
                return self._before(pod, told, scene)
            failed = [one for one in told if one.startswith("Liveness probe failed")]
            if not any(_HANGS.search(one) or _FULL.search(one) for one in failed):
                return Impossible(f"{objects.title(pod)} is restarted although it does not hang")
            hung = any(_HANGS.search(one) and not _FULL.search(one) for one in failed)
            if hung and any(
                one.get("restartCount") and "running" in (one.get("state") or {})
                for one in objects.statuses(pod)
            ):
                return Met([pod])
        return NotYet(what_is_there(scene))

    def _before(self, pod: Object, told: list[str], scene: Scene) -> Verdict:
        """Judge a Pod of which the kubelet has ended no container yet."""
        probes = [probe for one in objects.containers(pod) if (probe := one.get("livenessProbe"))]
        if not probes:
            return Impossible(f"no container of {objects.title(pod)} has a livenessProbe")
        earliest = min(_at_the_earliest(one) for one in probes)
        if earliest > _WITHIN:
            return Impossible(f"{what_is_there(scene)}; its livenessProbe needs {earliest} s at least")
        if any(one.startswith("Liveness probe failed") for one in told):
            return NotYet(what_is_there(scene))
        why = f"{what_is_there(scene)}; its livenessProbe has not failed"
        return NotYet(why, max(_until_asked(one) for one in probes) + _LATE)


def restarted_by_probe() -> Condition:
    """Whether the kubelet has restarted a container because its livenessProbe got no answer, and it runs."""
    return _RestartedByProbe(tolerates=frozenset({"crash", "probe", "probing", "unready"}))


@dataclass(frozen=True)
class _Undisturbed(Basic):
    where = ("livenessProbe",)

    def describe(self, target: Target) -> str:
        return f"{target.title} left alone by its livenessProbe"

    def check(self, scene: Scene) -> Verdict:
        for pod in scene.alive:
            if _has_acted(_told(pod, scene)):
                return NotYet(f"{objects.title(pod)} is started again by the kubelet")
        return Met(scene.alive) if scene.alive else NotYet(what_is_there(scene))


def undisturbed() -> Condition:
    """Whether the kubelet has ended no container of the Pod because its livenessProbe failed."""
    return _Undisturbed()
