"""Which volumes a manifest mounts, where, and what they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.manifests import Document, FieldPath

_NOT_FOUND: Final = re.compile(r"(/[\w./-]+)'?: No such file or directory")


def because(document: Document, spec: FieldPath, wanted: str) -> str:
    """Say what the Pod's containers mount at the path `wanted`, or what they mount at all, with the lines."""
    found = _mounts(document, spec, wanted) or _mounts(document, spec)
    if not found:
        return f"the container ({document.at(*spec, 'containers', 0)}) has no volumeMounts"
    if document.kind == "StatefulSet" and not document.get("spec", "volumeClaimTemplates"):
        found.append(f"spec ({document.at('spec')}) has no volumeClaimTemplates")
    return "; ".join(found)


def _mounts(document: Document, spec: FieldPath, wanted: str = "") -> list[str]:
    return [
        f"{mount.get('name')} is mounted at {mount.get('mountPath')} "
        f"({document.at(*spec, 'containers', index, 'volumeMounts', number, 'mountPath')})"
        f"{_volume(document, spec, mount.get('name'))}"
        for index, container in enumerate(document.get(*spec, "containers") or [])
        for number, mount in enumerate(container.get("volumeMounts") or [])
        if wanted in {"", mount.get("mountPath")}
    ]


def _volume(document: Document, spec: FieldPath, name: object) -> str:
    """Say what the volume is, and where that stands; a claim template's is told by its mount alone."""
    for index, volume in enumerate(document.get(*spec, "volumes") or []):
        source = next((key for key in volume if key != "name"), "")
        if volume.get("name") == name and source:
            place = document.at(*spec, "volumes", index, source)
            return f" and is the Pod's {source} ({place})"
    return ""


def not_shared(said: str, document: Document, path: FieldPath) -> str:
    """Say where another container of the Pod mounts the folder of a file that this one does not find.

    `said` are the words of the container at `path`; empty where they are about no file, or it mounts the
    folder itself.
    """
    found = _NOT_FOUND.search(said)
    if found is None or any(_holds(one.get("mountPath"), found[1]) for one, _ in _of(document, path)):
        return ""
    for group in ("initContainers", "containers"):
        for index, other in enumerate(document.get(*path[:-2], group) or []):
            for mount, where in _of(document, (*path[:-2], group, index)):
                if _holds(mount.get("mountPath"), found[1]):
                    name = document.get(*path, "name")
                    place = document.at(*where, "mountPath")
                    has = f"container {other.get('name')} has the volume {mount.get('name')} ({place})"
                    return f"container {name} ({document.at(*path)}) mounts nothing where {has}"
    return ""


def _of(document: Document, container: FieldPath) -> Iterator[tuple[dict[str, object], FieldPath]]:
    """Yield the mounts of the container at that path, each with its own path."""
    for number, mount in enumerate(document.get(*container, "volumeMounts") or []):
        if isinstance(mount, dict):
            yield mount, (*container, "volumeMounts", number)


def _holds(folder: object, file: str) -> bool:
    return isinstance(folder, str) and file.startswith(f"{folder.rstrip('/')}/")
