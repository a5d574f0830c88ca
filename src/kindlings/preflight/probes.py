"""Probes: what they ask for, and whether the container has the port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kindlings.preflight import templates
from kindlings.preflight.findings import HERE, mapping, mappings, shown, whole
from kindlings.preflight.templates import doubtful, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.manifests import Document, FieldPath
    from kindlings.preflight.findings import Finding

_PROBES: Final = ("readinessProbe", "livenessProbe", "startupProbe")
_NUMBERS: Final = (
    *("initialDelaySeconds", "periodSeconds", "timeoutSeconds"),
    *("failureThreshold", "successThreshold"),
)
_HANDLERS: Final = ("exec", "httpGet", "tcpSocket", "grpc")


def check(document: Document) -> Iterator[Finding]:
    """Yield what is wrong with the probes of a document's containers."""
    for template in templates.of([document]):
        for path, container in template.containers(("containers", "initContainers")):
            leaves = path[-2] == "initContainers" and container.get("restartPolicy") != "Always"
            for field in _PROBES:
                probe, where = container.get(field), (*path, field)
                if probe is not None and leaves:
                    what = f"{field}{HERE} stands in an init container that ends"
                    mend = f"Move {field} to a container, or give the init container restartPolicy: Always."
                    yield refused(document, where, what, mend, rule="probe")
                elif isinstance(probe, dict):
                    yield from _handler(document, probe, where)
                    yield from _port(document, container, probe, where)


def _handler(document: Document, probe: dict[str, Any], path: FieldPath) -> Iterator[Finding]:
    given = [one for one in _HANDLERS if probe.get(one) is not None]
    for field in _NUMBERS:
        number = whole(probe.get(field))
        if number is not None and number < 0:
            what, mend = f"{field} {number}{HERE} is below zero", "Write a number of seconds or of times."
            yield refused(document, (*path, field), what, mend, rule="probe")
    if len(given) != 1:
        what = f"{path[-1]}{HERE} {'asks in several ways' if given else 'does not say what to ask'}"
        yield refused(document, path, what, f"Write one of {', '.join(_HANDLERS)}.", rule="probe")
    if path[-1] != "readinessProbe" and (whole(probe.get("successThreshold")) or 1) != 1:
        what = f"successThreshold of a {path[-1]}{HERE} is not 1"
        where = (*path, "successThreshold")
        yield refused(document, where, what, "Take successThreshold away.", rule="probe")


def _port(
    document: Document, container: dict[str, Any], probe: dict[str, Any], path: FieldPath
) -> Iterator[Finding]:
    for handler in ("httpGet", "tcpSocket", "grpc"):
        port, where = mapping(probe.get(handler)).get("port"), (*path, handler, "port")
        if isinstance(port, bool) or not isinstance(port, (int, str)):
            continue
        if isinstance(port, int) and not 0 < port < 65536:
            what, mend = f"port {port}{HERE} is no port", "Write a number from 1 to 65535."
            yield refused(document, where, what, mend, rule="port-range")
            continue
        yield from _is_listed(document, container, port, where, path[:-1])


def _is_listed(
    document: Document, container: dict[str, Any], port: int | str, where: FieldPath, holder: FieldPath
) -> Iterator[Finding]:
    listed = [
        (str(one.get("name") or ""), one.get("containerPort"), document.at(*holder, "ports", index, "name"))
        for index, one in mappings(container.get("ports"))
    ]
    known = [name if isinstance(port, str) else number for name, number, _ in listed]
    if port in known or (isinstance(port, int) and not listed):
        return
    has = ", ".join(f"{shown(name)} {number} ({place})".strip() for name, number, place in listed)
    has = has or f"no port ({document.at(*holder)})"
    yield doubtful(
        document,
        where,
        f"the {where[-3]} asks port {shown(port)}{HERE}, and the container lists {has}",
        "Write the containerPort, or its name.",
        rule="probe-port",
        why="A port of that name is nowhere, so the probe fails."
        if isinstance(port, str)
        else "Where nothing listens on it, the probe fails.",
    )
