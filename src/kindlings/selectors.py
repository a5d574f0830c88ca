"""Label selectors, as `kubectl get -l` takes them.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kindlings.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_REQUIREMENT: Final = re.compile(
    r"\s*(?:(?P<absent>!)\s*(?P<no>[\w./-]+)"
    r"|(?P<key>[\w./-]+)\s*(?:(?P<op>==|!=|=)\s*(?P<value>[\w.-]*)"
    r"|\s(?P<set>in|notin)\s*\((?P<values>[^)]*)\))?)\s*(?:,|$)"
)


def matches(selector: str, labels: Mapping[str, str]) -> bool:
    """Tell whether `labels` satisfy every requirement of `selector`; raises UsageError for what is none."""
    position = 0
    while position < len(selector):
        found = _REQUIREMENT.match(selector, position)
        if found is None:
            raise UsageError(f"{selector} is no label selector.")
        if not _holds(found, labels):
            return False
        position = found.end()
    return True


def _holds(found: re.Match[str], labels: Mapping[str, str]) -> bool:
    if found["absent"]:
        return found["no"] not in labels
    value = labels.get(found["key"])
    if found["set"]:
        listed = value in {one.strip() for one in found["values"].split(",")}
        return listed if found["set"] == "in" else not listed
    if found["op"] == "!=":
        return value != found["value"]
    return value is not None if not found["op"] else value == found["value"]
