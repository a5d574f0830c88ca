"""What a livenessProbe asks: why it has a container started again, or does not notice that it hangs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kindlings import objects

if TYPE_CHECKING:
    from kindlings.explain.sources import Sources
    from kindlings.manifests import Document, FieldPath
    from kindlings.recorder import Object, Snapshot
    from kindlings.waiting import Unmet

READ: Final = (
    "https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/"
)
FIELD: Final = "livenessProbe"
_KILLED: Final = re.compile(r"Container (\S+) failed liveness probe")
_FAILED: Final = "Liveness probe failed: "
_ADDRESS: Final = re.compile(r'Get "[^"]*": |dial tcp \S+ (?:connect: )?')
"""What the kubelet puts before the reason: the Pod's address, which says nothing to the learner."""


def killed(pod: Object, document: Document, sources: Sources, snapshot: Snapshot) -> str:
    """Say that the kubelet ends a container because its livenessProbe fails, and how; or nothing."""
    events = snapshot.events_of(objects.uid(pod))
    found = [_KILLED.search(str(one.get("message"))) for one in events if one.get("reason") == "Killing"]
    names = [one[1] for one in found if one]
    if not names:
        return ""
    path = (*sources.container(document, names[-1]), FIELD)
    said = [str(one.get("message")) for one in events if str(one.get("message")).startswith(_FAILED)]
    how = _ADDRESS.sub("", said[-1].removeprefix(_FAILED)).strip()[:160] if said else ""
    place = document.at(*path, *_fault(document.get(*path) or {}, how))
    return (
        f"the {FIELD} of container {names[-1]} ({place}) fails, and each time the kubelet "
        f"starts the container again{how and f': {how}'}"
    )


def _fault(probe: dict[str, Any], how: str) -> tuple[str, ...]:
    """Return which field of a probe is at fault, where the way in which it fails tells: port, path."""
    for action in ("httpGet", "tcpSocket", "grpc"):
        wanted = probe.get(action) or {}
        if "connection refused" in how and "port" in wanted:
            return action, "port"
        if "statuscode: 404" in how and "path" in wanted:
            return action, "path"
    return ()


def are_awaited(verdict: Unmet) -> bool:
    """Tell whether a condition is about a livenessProbe: then a container that is not ready is no cause."""
    families = {one.family for one in verdict.troubles}
    return getattr(verdict.condition, "where", ()) == (FIELD,) and families <= {"probe", "probing", "unready"}


def because(verdict: Unmet, document: Document, sources: Sources) -> str:
    """Say what a Pod's livenessProbe does, where the condition is about being well; or nothing."""
    pod = next(iter(verdict.target.select(verdict.snapshot)), None)
    if pod is not None and (found := killed(pod, document, sources, verdict.snapshot)):
        return found
    if getattr(verdict.condition, "where", ()) != (FIELD,):
        return ""
    root = (*sources.pod_root(document), "spec", "containers")
    for index, container in enumerate(document.get(*root) or []):
        if isinstance(container, dict) and container.get(FIELD):
            return _asks(container[FIELD], document, (*root, index, FIELD))
    return _asks_nothing(document, (*root, 0))


def _asks(probe: dict[str, Any], document: Document, path: FieldPath) -> str:
    """Say why a probe that is there did not notice in time."""
    place = document.at(*path)
    if probe.get("tcpSocket"):
        return (
            f"the {FIELD} ({place}) asks by tcpSocket whether the port is open: the kernel takes a "
            "connection also where the program that listens hangs"
        )
    if probe.get("exec"):
        return f"the command of the {FIELD} ({place}) succeeds: it does not ask the program that hangs"
    delay = probe.get("initialDelaySeconds")
    asks = f"asks {delay} s after the start, then" if delay else "asks"
    return (
        f"the {FIELD} ({place}) {asks} every {probe.get('periodSeconds') or 10} s, waits "
        f"{probe.get('timeoutSeconds') or 1} s for the answer, and the kubelet acts when "
        f"{probe.get('failureThreshold') or 3} in a row have failed"
    )


def _asks_nothing(document: Document, container: FieldPath) -> str:
    without = f"the container ({document.at(*container)}) has no {FIELD}"
    if document.get(*container, "readinessProbe"):
        ready = document.at(*container, "readinessProbe")
        return f"{without}: its readinessProbe ({ready}) keeps requests away, and restarts nothing"
    return f"{without}: to the kubelet it is well as long as its process is there"
