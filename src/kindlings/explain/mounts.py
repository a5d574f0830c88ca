"""Which volumes a manifest mounts, where, and what they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kindlings import runtimes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.explain.sources import Sources
    from kindlings.manifests import Document, FieldPath

_NOT_FOUND: Final = re.compile(r"(/[\w./-]+)'?: No such file or directory")


def because(document: Document, spec: FieldPath, wanted: str) -> str:
    """Say what the Pod's containers mount at the path `wanted`, or what they mount at all, with the lines."""
    found, container = _mounts(document, spec, wanted), (*spec, "containers", 0)
    if not found and (found := _mounts(document, spec)):
        found.append(f"nothing is mounted at {wanted} in the container ({document.at(*container)})")
    if not found:
        return f"the container ({document.at(*container)}) has no volumeMounts"
    if document.kind == "StatefulSet" and not document.get("spec", "volumeClaimTemplates"):
        found.append(f"spec ({document.at('spec')}) has no volumeClaimTemplates")
    return "; ".join(found)


def _mounts(document: Document, spec: FieldPath, wanted: str = "") -> list[str]:
    return [
        f"{mount.get('name')} is mounted at {mount.get('mountPath')} ({document.at(*path, 'mountPath')})"
        f"{_volume(document, spec, mount.get('name'))}"
        for index in range(len(document.get(*spec, "containers") or []))
        for mount, path in _of(document, (*spec, "containers", index))
        if wanted in {"", mount.get("mountPath")}
    ]


def _volume(document: Document, spec: FieldPath, name: object) -> str:
    """Say what the volume is, and where that stands; a claim template's is told by its mount alone."""
    for index, volume in enumerate(document.get(*spec, "volumes") or []):
        if volume.get("name") == name:
            source = next((key for key in volume if key != "name"), "")
            claim = (volume.get(source) or {}).get("claimName") if source == "persistentVolumeClaim" else None
            path = [source, *(["claimName"] if claim else [])] if source else []
            what = f"the Pod's {source}" if source else "an emptyDir, as nothing else is said of it"
            called = f" {claim}" if claim else ""
            return f" and is {what}{called} ({document.at(*spec, 'volumes', index, *path)})"
    return ""


def not_shared(said: str, document: Document, path: FieldPath) -> str:
    """Say what two containers of a Pod do not share, where one does not find a file of a volume.

    `said` are the words of the container at `path`; empty where they are about no file, or all is well.
    """
    found = _NOT_FOUND.search(said)
    if found is None:
        return ""
    others = [
        (*path[:-2], group, index)
        for group in ("initContainers", "containers")
        for index, _ in enumerate(document.get(*path[:-2], group) or [])
        if (*path[:-2], group, index) != path
    ]
    own = [mount for mount, _ in _of(document, path) if _holds(mount.get("mountPath"), found[1])]
    for other in others:
        if elsewhere := _elsewhere(document, path, other, found[1], own):
            return elsewhere
    return ""


def _elsewhere(
    document: Document, path: FieldPath, other: FieldPath, file: str, own: list[dict[str, object]]
) -> str:
    """Say where the container at `other` has the volume of the one at `path`, if it is elsewhere.

    `own` are the mounts of the one at `path` that hold the file; without any, say who has one.
    """
    name, neighbour = document.get(*path, "name"), f"container {document.get(*other, 'name')}"
    for mount, where in _of(document, other):
        place = document.at(*where, "mountPath")
        if not own and _holds(mount.get("mountPath"), file):
            has = f"{neighbour} has the volume {mount.get('name')} ({place})"
            return f"container {name} ({document.at(*path)}) mounts nothing where {has}{_has(document, path)}"
        if own and mount.get("name") == own[-1].get("name"):
            if _holds(mount.get("mountPath"), file):
                return ""
            return f"{neighbour} has the volume {mount.get('name')} at {mount.get('mountPath')} ({place})"
    if not own:
        return ""
    return f"{neighbour} ({document.at(*other)}) does not mount the volume {own[-1].get('name')}"


def _has(document: Document, path: FieldPath) -> str:
    """Say what the container at `path` mounts, to be added to where it mounts nothing; or nothing."""
    has = [
        f"{mount.get('name')} at {mount.get('mountPath')} ({document.at(*where, 'mountPath')})"
        for mount, where in _of(document, path)
    ]
    return f", but {', '.join(has)}" if has else ""


def not_there(said: str, document: Document, path: FieldPath, sources: Sources) -> str:
    """Say what is mounted where the container at `path` does not find a file; begins with ; or is empty."""
    found = _NOT_FOUND.search(said)
    if found is None:
        return ""
    holding = [mount for mount, _ in _of(document, path) if _holds(mount.get("mountPath"), found[1])]
    if not holding:
        where = f"{document.get(*path, 'name')} ({document.at(*path)}){_has(document, path)}"
        return f"; nothing is mounted at {found[1].rpartition('/')[0]} in container {where}"
    folder = f"; at {holding[-1].get('mountPath')} is"
    root = (*path[:-2], "volumes")
    for index, volume in enumerate(document.get(*root) or []):
        if volume.get("name") == holding[-1].get("name"):
            source = next((key for key, value in volume.items() if key != "name" and value), "")
            if source == "configMap":
                return _keys(folder, str(volume["configMap"].get("name")), found[1], sources)
            what = f"the Pod's {source}" if source else "an empty folder"
            return f"{folder} {what} ({document.at(*root, index, source)})"
    return ""


def unfit(message: str, document: Document, container: FieldPath) -> str:
    """Say what cannot be mounted in the container at that path, by its runtime's `message`; or nothing."""
    target = runtimes.target(message)
    for mount, path in _of(document, container):
        if target and str(mount.get("mountPath")).rstrip("/") == target:
            place = document.at(*path, "mountPath")
            return (
                f"{mount.get('name')} cannot be mounted at {target} ({place}): of it and of what the image "
                "has there, one is a file and the other a folder"
            )
    return ""


def hiding(program: str, document: Document, container: FieldPath) -> str:
    """Say which volume hides the folder that should hold the program, where one does; else nothing."""
    for mount, path in _of(document, container):
        folder = str(mount.get("mountPath")).rstrip("/")
        if folder and _holds(folder, program):
            place = document.at(*path, "mountPath")
            return f"{mount.get('name')} is mounted at {folder} ({place}), and hides what the image has there"
    return ""


def _keys(folder: str, name: str, file: str, sources: Sources) -> str:
    for one in sources.documents:
        if (one.kind, one.name) == ("ConfigMap", name):
            data = one.get("data") or {}
            if file.rpartition("/")[2] in data:
                return ""
            keys = ", ".join(f"{key} ({one.at('data', key)})" for key in data)
            nothing = f"no files ({one.at('data')})"
            return f"{folder} ConfigMap {name}, which has {keys or nothing}"
    return ""


def _of(document: Document, container: FieldPath) -> Iterator[tuple[dict[str, object], FieldPath]]:
    """Yield the mounts of the container at that path, each with its own path."""
    for number, mount in enumerate(document.get(*container, "volumeMounts") or []):
        if isinstance(mount, dict):
            yield mount, (*container, "volumeMounts", number)


def _holds(folder: object, file: str) -> bool:
    return isinstance(folder, str) and file.startswith(f"{folder.rstrip('/')}/")
