"""How a DaemonSet's update strategy led to what was seen: no Pod replaced, or too many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kindlings.manifests import Document
    from kindlings.waiting import Unmet

READ: Final = "https://kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/"
_STRATEGY: Final = ("spec", "updateStrategy")


def because(verdict: Unmet, document: Document) -> str:
    """Say which line of a DaemonSet's strategy led to it; nothing where none did."""
    kind, most = (*_STRATEGY, "type"), (*_STRATEGY, "rollingUpdate", "maxUnavailable")
    if document.kind != "DaemonSet":
        return ""
    if "OnDelete" in verdict.saw:
        does = "a node keeps its old Pod until somebody deletes it"
        return f"updateStrategy.type is OnDelete ({document.at(*kind)}): {does}"
    if getattr(verdict.condition, "about", "") == "unavailable" and document.get(*most) is not None:
        allows = "so many nodes at once may be without a ready Pod"
        return f"maxUnavailable is {document.get(*most)} ({document.at(*most)}): {allows}"
    return ""
