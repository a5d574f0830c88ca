"""Which volumes a manifest mounts, where, and what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kindlings.manifests import Document, FieldPath


def because(document: Document, spec: FieldPath) -> str:
    """Say for each mount of the Pod's containers its path and the volume behind it, with their lines."""
    found = [
        f"{mount.get('name')} is mounted at {mount.get('mountPath')} "
        f"({document.at(*spec, 'containers', index, 'volumeMounts', number, 'mountPath')})"
        f"{_volume(document, spec, mount.get('name'))}"
        for index, container in enumerate(document.get(*spec, "containers") or [])
        for number, mount in enumerate(container.get("volumeMounts") or [])
    ]
    if found:
        return "; ".join(found)
    return f"the container ({document.at(*spec, 'containers', 0)}) has no volumeMounts"


def _volume(document: Document, spec: FieldPath, name: object) -> str:
    """Say what the volume is, and where that stands; a claim template's is told by its mount alone."""
    for index, volume in enumerate(document.get(*spec, "volumes") or []):
        source = next((key for key in volume if key != "name"), "")
        if volume.get("name") == name and source:
            place = document.at(*spec, "volumes", index, source)
            return f" and is the Pod's {source} ({place})"
    return ""
