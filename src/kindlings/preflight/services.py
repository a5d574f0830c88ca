"""Services: what the API server demands of them, and whether their ports lead to a port of their Pods."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any, Final

from kindlings.preflight import templates
from kindlings.preflight.findings import HERE, mappings, shown, whole, word
from kindlings.preflight.selectors import finds, selector_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from kindlings.manifests import Document, FieldPath
    from kindlings.preflight.findings import Finding
    from kindlings.preflight.templates import Template

NODE_PORTS: Final = range(30000, 32768)
"""The API server's own range: https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport"""
_PORTS: Final = ("spec", "ports")
_HOST: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\.?")
_ONE_PORT: Final = "A request to the port of a Service must lead to one place."


def check(document: Document) -> Iterator[Finding]:
    """Yield what the API server refuses of a Service."""
    if document.kind != "Service" or document.get("apiVersion") != "v1":
        return
    kind = word(document.get("spec", "type")) or "ClusterIP"
    headless = document.get("spec", "clusterIP") == "None"
    if kind == "ExternalName":
        yield from _external(document)
        return
    if not mappings(document.get(*_PORTS)) and not headless and not isinstance(document.get(*_PORTS), str):
        what, mend = f"{document.title}{HERE} has no ports", "Add ports: with a port to spec."
        yield templates.refused(document, ("spec",), what, mend, rule="service-ports")
    if headless and kind in {"NodePort", "LoadBalancer"}:
        what = f"clusterIP None{HERE} does not go with type {kind}"
        mend = "Take clusterIP away, or the type."
        yield templates.refused(document, ("spec", "clusterIP"), what, mend, rule="service-type")
    yield from _address(document)
    yield from _ports(document, kind)


def _external(document: Document) -> Iterator[Finding]:
    name = document.get("spec", "externalName")
    if not name:
        what = f"{document.title}{HERE} is of type ExternalName and has no externalName"
        mend = "Add externalName: and the name that it stands for."
        yield templates.refused(document, ("spec",), what, mend, rule="service-type")
    elif isinstance(name, str) and _HOST.fullmatch(name) is None:
        what = f"{shown(name)} is no name of a host{HERE}"
        mend = "Write a name as the DNS has it, without http:// and without a port."
        yield templates.refused(document, ("spec", "externalName"), what, mend, rule="service-type")


def _address(document: Document) -> Iterator[Finding]:
    written = document.get("spec", "clusterIP")
    if not isinstance(written, str) or written in {"", "None"}:
        return
    try:
        ipaddress.ip_address(written)
    except ValueError:
        what = f"clusterIP is {shown(written)}{HERE}, which is no address"
        mend = "Write None for a headless Service, or leave clusterIP out."
        yield templates.refused(document, ("spec", "clusterIP"), what, mend, rule="service-type")


def _ports(document: Document, kind: str) -> Iterator[Finding]:
    ports = mappings(document.get(*_PORTS))
    names: dict[str, FieldPath] = {}
    numbers: dict[tuple[int | None, str], FieldPath] = {}
    for index, port in ports:
        path: FieldPath = (*_PORTS, index)
        name, number = port.get("name"), (whole(port.get("port")), word(port.get("protocol")) or "TCP")
        if len(ports) > 1 and not name:
            what = f"port {shown(port.get('port'))}{HERE} has no name"
            mend, why = "Give each port a name.", "Where a Service has several ports, each needs a name."
            yield templates.refused(document, path, what, mend, rule="service-ports", why=why)
        elif isinstance(name, str) and name in names:
            yield _twice(document, (*path, "name"), f"the port name {shown(name)}", names[name])
        if number in numbers:
            yield _twice(document, (*path, "port"), f"port {shown(number[0])}", numbers[number])
        names |= {name: (*path, "name")} if isinstance(name, str) else {}
        numbers |= {number: (*path, "port")} if number[0] is not None else {}
        yield from _numbers(document, port, path)
        yield from _node_port(document, kind, port.get("nodePort"), (*path, "nodePort"))


def _twice(document: Document, path: FieldPath, what: str, first: FieldPath) -> Finding:
    said = f"{what} stands twice{HERE}, first at {document.at(*first)}"
    return templates.refused(
        document, path, said, "Change one of the two.", rule="service-ports", why=_ONE_PORT
    )


def _numbers(document: Document, port: dict[str, Any], path: FieldPath) -> Iterator[Finding]:
    for field, least in (("port", 1), ("targetPort", 0)):
        value = whole(port.get(field))
        if value is not None and not least <= value < 65536:
            what, mend = f"{field} {value}{HERE} is no port", "Write a number from 1 to 65535."
            yield templates.refused(document, (*path, field), what, mend, rule="port-range")


def _node_port(document: Document, kind: str, number: Any, path: FieldPath) -> Iterator[Finding]:
    if not isinstance(number, int) or isinstance(number, bool) or number == 0:
        return
    if kind == "ClusterIP":
        what = f"nodePort {number}{HERE} does not go with type ClusterIP"
        what += "" if document.get("spec", "type") else ", which is the default"
        mend = "Write type: NodePort, or take nodePort away."
        yield templates.refused(document, path, what, mend, rule="node-port")
    elif number not in NODE_PORTS:
        what = f"nodePort {number}{HERE} is not among 30000-32767"
        why = "The API server gives node ports out of that range only."
        mend = "Write a number from 30000 to 32767, or leave nodePort out to get one."
        yield templates.refused(document, path, what, mend, rule="node-port", why=why)


def target_ports(documents: Sequence[Document]) -> Iterator[Finding]:
    """Yield the ports of Services that lead to no port that their Pods list."""
    pods = templates.of(documents)
    for service in documents:
        selector = selector_of(service)
        behind = [one for one in pods if one.document.namespace == service.namespace and finds(selector, one)]
        for index, port in mappings(service.get(*_PORTS)) if selector and behind else []:
            yield from _target(service, index, port, behind)


def _target(service: Document, index: int, port: dict[str, Any], pods: list[Template]) -> Iterator[Finding]:
    target = port.get("targetPort", port.get("port"))
    field = "targetPort" if "targetPort" in port else "port"
    listed = [one for pod in pods for one in _listed(pod)]
    named = isinstance(target, str)
    known = [str(name if named else number) for name, number, _ in listed]
    if isinstance(target, bool) or not isinstance(target, (int, str)) or str(target) in {*known, "0"}:
        return
    if not listed and not named:
        return  # a port that is not listed is open all the same
    has = ", ".join(f"{name + ' ' if name else ''}{number} ({place})" for name, number, place in listed)
    otherwise = "" if field == "targetPort" else " and no targetPort says otherwise"
    yield templates.doubtful(
        service,
        (*_PORTS, index, field),
        f"{field} is {shown(target)}{HERE}{otherwise}, and its Pods list {has or 'no port'}",
        "Write the containerPort, or its name, as targetPort.",
        rule="target-port",
        why="A Pod without a port of that name gets no request at all."
        if named
        else "The number is where the program must listen; a list of ports is no rule but mostly right.",
        also=pods[0].document,
    )


def _listed(pod: Template) -> Iterator[tuple[str, Any, str]]:
    """Yield the ports that the containers list: name, number, place."""
    for path, container in pod.containers(("containers", "initContainers")):
        for index, port in mappings(container.get("ports")):
            place = pod.document.at(*path, "ports", index, "containerPort")
            yield shown(port.get("name") or ""), port.get("containerPort"), str(place)


def node_ports(documents: Sequence[Document], alternatives: Collection[str] = ()) -> Iterator[Finding]:
    """Yield node ports that two Services ask for; one in a file among `alternatives` meets only its own."""
    held: dict[tuple[str, int], tuple[Document, FieldPath]] = {}
    for service in documents:
        for index, port in mappings(service.get(*_PORTS)) if service.kind == "Service" else []:
            number, path = port.get("nodePort"), (*_PORTS, index, "nodePort")
            if not isinstance(number, int) or isinstance(number, bool) or number == 0:
                continue
            alone = service.file if service.file in alternatives else ""
            first, where = held.setdefault((alone, number), (service, path))
            if first is service or (first.name, first.namespace) == (service.name, service.namespace):
                continue
            yield templates.doubtful(
                service,
                path,
                f"nodePort {number}{HERE} is asked for by {first.title} ({first.at(*where)}), too",
                "Give each Service a node port of its own.",
                rule="node-port",
                why="A node port belongs to one Service: of two, the second is refused.",
                also=first,
            )
