"""Fields with which an object would reach beyond its lab, or stay when the lab ends: refused, each with why.

The API server would take them. What it refuses itself (Pod Security, quotas, rights) is told by refusals.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kindlings.errors import Findings, LabFailure

if TYPE_CHECKING:
    from kindlings.manifests import Document, FieldPath

_READ: Final = "https://kubernetes.io/docs/concepts/security/multi-tenancy/"
_ALWAYS: Final = {
    "externalIPs": "it would take the traffic for addresses that are not the Service's own",
    "priorityClassName": "Pods of a higher priority push those of others off the nodes",
    "priority": "Pods of a higher priority push those of others off the nodes",
    "serviceAccountToken": "a lab's Pods have no business with the API server",
}
"""By the field's name, wherever it stands with a value, what it would do."""
_OF_METADATA: Final = {
    "finalizers": "what they are on is never deleted, nor is the lab's namespace",
    "ownerReferences": "the cluster alone says who owns what; name no owner",
    "deletionTimestamp": "the cluster alone says what is being deleted",
    "deletionGracePeriodSeconds": "the cluster alone says what is being deleted",
    "managedFields": "the API server keeps them itself",
}
_DATA: Final = frozenset({"data", "stringData", "labels", "annotations", "matchLabels"})
"""Below these, keys are the learner's own words."""


def beyond(document: Document) -> LabFailure | None:
    """Return why the object may not hold one of its fields, or None where it holds no such."""
    for path, value in document.walk():
        if value in (None, [], {}, "", False) or _DATA & set(path[:-1]):
            continue
        why = _why(path, value, document)
        if why:
            return _refused(document, path, why)
    return None


def _why(path: FieldPath, value: Any, document: Document) -> str:
    name = path[-1]
    if not isinstance(name, str):
        return ""
    if name == "automountServiceAccountToken":
        return _ALWAYS["serviceAccountToken"]
    if name in _OF_METADATA and "metadata" in path[:-1]:
        return _OF_METADATA[name]
    if (
        document.kind == "Secret"
        and path == ("type",)
        and str(value).startswith("kubernetes.io/service-account")
    ):
        return _ALWAYS["serviceAccountToken"]
    return _ALWAYS.get(name, "")


def _refused(document: Document, path: FieldPath, why: str) -> LabFailure:
    place, name = document.at(*path), path[-1]
    return LabFailure(
        Findings(
            expected="an object that keeps to its lab",
            saw=f"{document.title} with {name}",
            because=f"labs take no {name} ({place}): {why}",
            read=_READ,
            place=place,
        )
    )
