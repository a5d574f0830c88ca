"""The API server's rules for names, labels and strategies, in plain words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kindlings.errors import Place
    from kindlings.manifests import Document, FieldPath

_READ: Final = {
    "names": "https://kubernetes.io/docs/concepts/overview/working-with-objects/names/",
    "labels": "https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set",
    "strategy": "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy",
}
NAME: Final = "a lowercase RFC 1123"
"""What the server's rules for names have in common."""
_VALUE: Final = re.compile(r'Invalid value: "([^"]*)"')


def plain(document: Document, path: FieldPath, message: str) -> tuple[str, Place, str] | None:
    """Return the reason, the place and where to read on, for what is refused most often; else None."""
    value = found[1] if (found := _VALUE.search(message)) else ""
    if NAME in message:
        place = document.at(*path)
        rule = "names have small letters, digits and hyphens, no capital and no space"
        return f"{value} is no name ({place}): {rule}", place, _READ["names"]
    if "a valid label must be" in message or "name part must consist" in message:
        place = _label(document, value) or document.at(*path)
        rule = "at most 63 letters, digits, hyphens, underscores and dots, no space"
        why = f"{value} is no value of a label ({place}): {rule}; other text is an annotation"
        return why, place, _READ["labels"]
    if "may not be 0 when `maxSurge` is 0" in message:
        place = document.at(*path)
        surge = document.at(*path[:-1], "maxSurge")
        both = f"maxUnavailable ({place}) and maxSurge ({surge}) are both 0"
        why = f"{both}: the rollout could neither take a Pod away nor add one"
        return why, place, _READ["strategy"]
    if "may not be specified when strategy `type` is 'Recreate'" in message:
        place = document.at(*path)
        why = f"the strategy Recreate knows no numbers: rollingUpdate ({place}) must go"
        return why, place, _READ["strategy"]
    return None


def _label(document: Document, value: str) -> Place | None:
    """Return where a label has that value: the server names the mapping only, and sometimes a wrong one."""
    for path, found in document.walk():
        if found == value and len(path) > 1 and path[-2] in {"labels", "matchLabels"}:
            return document.at(*path)
    return None
