"""Where a container's environment variables are written, and which one its program misses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kindlings.preflight.findings import mappings

if TYPE_CHECKING:
    from kindlings.explain.sources import Sources
    from kindlings.manifests import Document, FieldPath


def source(name: str, container: str, document: Document | None, sources: Sources) -> str:
    """Say where a container's environment variable comes from, or nothing where no variable is meant."""
    if document is None or not name:
        return ""
    path = (*sources.container(document, container), "env")
    for index, one in enumerate(document.get(*path) or []):
        if one.get("name") != name:
            continue
        for origin, about in (one.get("valueFrom") or {}).items():
            field = "fieldPath" if origin == "fieldRef" else "key"
            place = document.at(*path, index, "valueFrom", origin, field)
            return f"{name} is taken from {origin} {about.get(field)} ({place})"
        return f"{name} has the fixed value {one.get('value')} ({document.at(*path, index, 'value')})"
    return _lacks(name, document, path)


def stands(name: str, document: Document, spec: FieldPath) -> str:
    """Say where the first container has the variable `name`, or which it has instead; nothing without any."""
    path = (*spec, "containers", 0, "env")
    for index, one in mappings(document.get(*path)):
        if one.get("name") == name:
            field = ("valueFrom", "fieldRef", "fieldPath") if "valueFrom" in one else ("value",)
            return f"{name} is set there ({document.at(*path, index, *field)})"
    has = _others(document, path)
    return f"env ({document.at(*path)}) has {', '.join(has)}" if has else ""


def missed(said: str, document: Document, path: FieldPath) -> str:
    """Say what stands in the env of the container at `path` of a variable that it tells of as it ends.

    Only of one that its script asks for; nothing where that one has a value, or may have one from envFrom.
    """
    words = [document.get(*path, group) for group in ("command", "args")]
    script = " ".join(str(word) for some in words if isinstance(some, list) for word in some)
    asked = [
        name for name in re.findall(r"\b[A-Z][A-Z0-9_]+\b", said) if re.search(rf"\$\{{?{name}\b", script)
    ]
    if not asked or document.get(*path, "envFrom"):
        return ""
    for index, one in mappings(document.get(*path, "env")):
        if one.get("name") == asked[0]:
            given = "valueFrom" in one or one.get("value")
            return "" if given else f"{asked[0]} has no value ({document.at(*path, 'env', index, 'name')})"
    return _lacks(asked[0], document, (*path, "env"))


def _others(document: Document, path: FieldPath) -> list[str]:
    return [
        f"{one.get('name')} ({document.at(*path, index, 'name')})"
        for index, one in mappings(document.get(*path))
    ]


def _lacks(name: str, document: Document, path: FieldPath) -> str:
    container, others = document.get(*path[:-1], "name"), _others(document, path)
    only = f", only {', '.join(others)}" if others else ""
    return f"container {container} ({document.at(*path[:-1])}) has no {name} in its env{only}"
