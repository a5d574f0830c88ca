"""Containers: names that stand twice, ports, environment variables, images and resources."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kindlings import objects
from kindlings.preflight import quantities, templates
from kindlings.preflight.findings import HERE, mapping, mappings, shown, whole
from kindlings.preflight.templates import doubtful, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.manifests import Document, FieldPath
    from kindlings.preflight.findings import Finding

_RESOURCES: Final = ("cpu", "memory", "ephemeral-storage")
_MEGABYTE: Final = 10**6
_NO_ROOM: Final = "No container starts within so little."
_FIELDS: Final = re.compile(
    r"metadata\.(name|namespace|uid|(labels|annotations)\['[^']+'\])|spec\.(nodeName|serviceAccountName)"
    r"|status\.(hostIP|hostIPs|podIP|podIPs)"
)
"""What the downward API offers to a variable.

Source: https://kubernetes.io/docs/concepts/workloads/pods/downward-api/
"""


def check(document: Document) -> Iterator[Finding]:
    """Yield what the API server refuses of a document's containers, and what it takes and is seldom meant."""
    for template in templates.of([document]):
        names: dict[str, FieldPath] = {}
        for path, container in template.containers():
            name = container.get("name")
            if isinstance(name, str) and name in names:
                what = (
                    f"two containers are called {shown(name)}{HERE}, the first at {document.at(*names[name])}"
                )
                mend = "Give each container of a Pod a name of its own."
                yield refused(document, (*path, "name"), what, mend, rule="duplicate-name")
            elif isinstance(name, str):
                names[name] = (*path, "name")
            yield from _image(document, container.get("image"), (*path, "image"))
            yield from _ports(document, container, path)
            yield from _environment(document, container, path)
            yield from _resources(document, mapping(container.get("resources")), (*path, "resources"))


def _image(document: Document, image: Any, path: FieldPath) -> Iterator[Finding]:
    if isinstance(image, str) and (image != image.strip() or image == ""):
        what = f"image{HERE} is empty or has a space at its ends"
        yield refused(document, path, what, "Write the image's name alone.", rule="image")


def _ports(document: Document, container: dict[str, Any], path: FieldPath) -> Iterator[Finding]:
    names: dict[str, FieldPath] = {}
    for index, port in mappings(container.get("ports")):
        where: FieldPath = (*path, "ports", index)
        for field in ("containerPort", "hostPort"):
            number = whole(port.get(field))
            least = 0 if field == "hostPort" else 1
            if number is not None and not least <= number < 65536:
                what, mend = f"{field} {number}{HERE} is no port", "Write a number from 1 to 65535."
                yield refused(document, (*where, field), what, mend, rule="port-range")
        name = port.get("name")
        if isinstance(name, str) and name in names:
            what = f"two ports are called {shown(name)}{HERE}, the first at {document.at(*names[name])}"
            mend = "Give each port of a container a name of its own."
            yield refused(document, (*where, "name"), what, mend, rule="duplicate-name")
        elif isinstance(name, str):
            names[name] = (*where, "name")


def _environment(document: Document, container: dict[str, Any], path: FieldPath) -> Iterator[Finding]:
    for index, one in mappings(container.get("envFrom")):
        if not one.get("configMapRef") and not one.get("secretRef"):
            what = f"an item of envFrom{HERE} names no source"
            mend = "Write configMapRef or secretRef with a name."
            yield refused(document, (*path, "envFrom", index), what, mend, rule="environment")
    seen: dict[str, FieldPath] = {}
    for index, one in mappings(container.get("env")):
        where: FieldPath = (*path, "env", index)
        name = one.get("name")
        if isinstance(name, str):
            yield from _variable(document, name, where, seen)
        source = one.get("valueFrom")
        if isinstance(source, dict):
            yield from _source(document, one, source, where)


def _variable(
    document: Document, name: str, where: FieldPath, seen: dict[str, FieldPath]
) -> Iterator[Finding]:
    if not name or "=" in name or not (name.isascii() and name.isprintable()):
        what = f"{shown(name) or 'an empty text'} is no name of an environment variable{HERE}"
        mend = "Write it with letters, digits and underscores."
        yield refused(document, (*where, "name"), what, mend, rule="name")
    elif name in seen:
        what = f"{shown(name)} stands twice in env{HERE}, first at {document.at(*seen[name])}"
        why, mend = "The last of the two hides the other.", "Take one of the two away."
        yield doubtful(document, (*where, "name"), what, mend, rule="duplicate-name", why=why)
    seen.setdefault(name, (*where, "name"))


def _source(
    document: Document, one: dict[str, Any], source: dict[str, Any], where: FieldPath
) -> Iterator[Finding]:
    path: FieldPath = (*where, "valueFrom")
    given = [key for key, value in source.items() if value is not None]
    if one.get("value"):
        what, mend = (
            f"{shown(one.get('name'))} has both value and valueFrom{HERE}",
            "Take one of the two away.",
        )
        yield refused(document, path, what, mend, rule="environment")
    elif len(given) != 1:
        what = f"valueFrom{HERE} names {'several sources' if given else 'no source'}"
        mend = "Name one: configMapKeyRef, secretKeyRef, fieldRef or resourceFieldRef."
        yield refused(document, path, what, mend, rule="environment")
    field = mapping(source.get("fieldRef")).get("fieldPath")
    if isinstance(field, str) and field and _FIELDS.fullmatch(field) is None:
        what = f"{shown(field)}{HERE} names no value: the downward API offers no such field of a Pod"
        mend = "Write for example metadata.name, spec.nodeName or status.podIP."
        yield refused(document, (*path, "fieldRef", "fieldPath"), what, mend, rule="environment")


def _resources(document: Document, resources: dict[str, Any], path: FieldPath) -> Iterator[Finding]:
    limits = mapping(resources.get("limits"))
    for group in ("limits", "requests"):
        for name, amount in mapping(resources.get(group)).items():
            where = (*path, group, name)
            if name not in _RESOURCES and "/" not in name and not name.startswith("hugepages-"):
                what = f"{shown(name)}{HERE} is no resource of a container"
                mend = f"Write one of {', '.join(_RESOURCES)}."
                yield refused(document, where, what, mend, rule="resources")
            elif quantities.is_one(amount) and (objects.quantity(amount) or 0) < 0:
                what, mend = (
                    f"{shown(name)} {shown(amount)}{HERE} is below zero",
                    "Write an amount from 0 on.",
                )
                yield refused(document, where, what, mend, rule="resources")
            elif name == "memory" and _is_tiny(amount):
                what, why = f"memory {shown(amount)}{HERE} is less than a megabyte", _NO_ROOM
                mend = "Write the unit: 512Mi or 1Gi (m is a thousandth, no unit is bytes)."
                yield doubtful(document, where, what, mend, rule="resources", why=why)
            elif group == "requests" and _is_more(amount, limits.get(name)):
                limit = f"{shown(limits[name])} ({document.at(*path, 'limits', name)})"
                what = f"the request of {shown(amount)} {shown(name)}{HERE} is more than its limit of {limit}"
                mend = "Lower the request or raise the limit."
                yield refused(document, where, what, mend, rule="resources")


def _is_tiny(amount: Any) -> bool:
    found = objects.quantity(amount) if quantities.is_one(amount) else None
    return found is not None and 0 < found < _MEGABYTE


def _is_more(request: Any, limit: Any) -> bool:
    if limit is None or not quantities.is_one(request) or not quantities.is_one(limit):
        return False
    asked, most = objects.quantity(request), objects.quantity(limit)
    return asked is not None and most is not None and asked > most
