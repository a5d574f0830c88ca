"""Why a Pod does not get a folder of its node: refused by the lab's policy, or not there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kindlings.manifests import Document

READ: Final = "https://kubernetes.io/docs/concepts/storage/volumes/#hostpath"
READ_SECURITY: Final = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
_DENIED: Final = re.compile(r"'kindlings-host-path' denied request: (.*)")
_NOT_THERE: Final = re.compile(r"hostPath type check failed: (\S+) is not a (\w+)")


def because(message: str, document: Document) -> tuple[str, str] | None:
    """Say which line was refused by these labs' policy or asks for what is not there; None for others."""
    if match := _DENIED.search(message):
        words = match[1].strip()
        if "hostPath" in words:
            return f"{words}, and the Pod asks for {_line(document, 'hostPath', 'path')}", READ
        field = words.partition(":")[0]
        return f"{_line(document, field.rpartition('.')[2])}: {words.partition(': ')[2]}", READ_SECURITY
    if match := _NOT_THERE.search(message):
        stands = _line(document, "hostPath", "type")
        return f"the node has no {match[2]} {match[1]}, and {stands} does not make it", READ
    return None


def _line(document: Document, *ending: str) -> str:
    """Return the last of these fields with its value, and its place, as it stands in the document."""
    for path, value in document.walk():
        named = tuple(part for part in path if isinstance(part, str))
        if named[-len(ending) :] == ending:
            shown = str(value).lower() if isinstance(value, bool) else value
            return f"{ending[-1]} {shown} ({document.at(*path)})"
    for path, place in document.places.items():
        if path and path[-1] == ending[-1]:
            return f"{ending[-1]} ({place})"
    return ending[-1]
