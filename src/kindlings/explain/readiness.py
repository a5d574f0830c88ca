"""What a readinessProbe asks for, and what it gets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kindlings import objects, runtimes

if TYPE_CHECKING:
    from kindlings.explain.sources import Sources
    from kindlings.manifests import Document, FieldPath
    from kindlings.recorder import Object, Snapshot
    from kindlings.symptoms import Symptom

READ: Final = (
    "https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/"
)
REFUSED: Final = re.compile(r"dial tcp \S+:(\d+): connect: (connection refused|no route to host)")
"""What a dial says of a port, its number first."""
_STATUS: Final = re.compile(r"statuscode: (\d{3})")
_FAILED: Final = "Readiness probe failed:"


def missing(pods: list[Object], sources: Sources, snapshot: Snapshot) -> str:
    """Say which container has no readinessProbe."""
    for pod in pods:
        document = sources.of(pod, snapshot)
        for container in objects.containers(pod) if document else ():
            if "readinessProbe" not in container and document:
                place = document.at(*sources.container(document, container["name"]))
                return (
                    f"container {container['name']} ({place}) has no readinessProbe, so a Pod counts as "
                    "ready as soon as it is started"
                )
    return ""


def failing(symptom: Symptom, document: Document, sources: Sources) -> str:
    """Say what a readinessProbe asks for, and what it gets."""
    root = (*sources.pod_root(document), "spec", "containers")
    for index, container in enumerate(document.get(*root) or []):
        asked = container.get("readinessProbe") if isinstance(container, dict) else None
        if isinstance(asked, dict):
            return f"the readinessProbe asks for {_asked(symptom, asked, document, (*root, index))}"
    return symptom.message[:200]


def _asked(symptom: Symptom, probe: dict[str, Any], document: Document, container: FieldPath) -> str:
    """Say what a probe of the container at that path asks for, the line to be mended, and what it gets."""
    if isinstance(probe.get("exec"), dict):
        return _run(symptom, probe["exec"].get("command"), document, (*container, "readinessProbe", "exec"))
    handler = next((name for name in ("httpGet", "tcpSocket") if isinstance(probe.get(name), dict)), "")
    asked: dict[str, Any] = probe.get(handler) or {}
    what = f"a connection on port {asked.get('port')}" if handler else "it"
    if handler == "httpGet":
        what = f"GET {asked.get('path', '/')} on port {asked.get('port')}"
    where = (*container, "readinessProbe", *([handler] if handler else []))
    port = document.at(*where, "port") if handler else document.at(*where)
    status, refused = _STATUS.search(symptom.message), REFUSED.search(symptom.message)
    if handler and "strconv.Atoi" in symptom.message:
        return f"{what} ({port}), and {_ports(document, container)}"
    if refused:
        named = _named_port(document, container, asked)
        return f"{what} ({port}) and nothing listens on port {refused[1]}{named}"
    place = document.at(*where, "path") if handler == "httpGet" else port
    gets = f"gets HTTP {status[1]}" if status else f"fails: {symptom.message[:120]}"
    return f"{what} ({place}) and {gets}"


def _run(symptom: Symptom, command: object, document: Document, path: FieldPath) -> str:
    """Say which command of a probe has to succeed, and how it ends."""
    words = [str(word) for word in command] if isinstance(command, list) else []
    what = f"`{' '.join(words)}` to succeed ({document.at(*path, 'command')})"
    if runtimes.EXEC_FAILED in symptom.message:
        return f"{what} and it cannot be run: {runtimes.said(symptom.message, (words or [''])[0])}"
    return (
        f"{what} and it does not: {symptom.message.removeprefix(_FAILED).strip()[:120] or 'it says nothing'}"
    )


def _ports(document: Document, container: FieldPath) -> str:
    """Say which named ports the container at that path has, where a probe asks for one that it has not."""
    names = [
        f"{port['name']} ({document.at(*container, 'ports', number, 'name')})"
        for number, port in enumerate(document.get(*container, "ports") or [])
        if isinstance(port, dict) and port.get("name")
    ]
    called = f"only {', '.join(names)}" if names else "no port with a name"
    return f"container {document.get(*container, 'name')} ({document.at(*container)}) has {called}"


def _named_port(document: Document, container: FieldPath, get: dict[str, Any]) -> str:
    """Say which line gives the port that a probe asks for by its name; that line tells, and moves nothing."""
    for number, port in enumerate(document.get(*container, "ports") or []):
        if isinstance(port, dict) and port.get("name") and port.get("name") == get.get("port"):
            place = document.at(*container, "ports", number, "containerPort")
            return f"; containerPort ({place}) says where the program listens, and does not set it"
    return ""
