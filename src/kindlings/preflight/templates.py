"""Where the Pods stand in the kinds that make some, and how a finding about a document is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kindlings.preflight.findings import Finding, about, mapping, mappings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kindlings.manifests import Document, FieldPath

ROOTS: Final[dict[tuple[str, str], FieldPath]] = {
    ("v1", "Pod"): (),
    ("v1", "PodTemplate"): ("template",),
    ("v1", "ReplicationController"): ("spec", "template"),
    ("apps/v1", "ReplicaSet"): ("spec", "template"),
    ("apps/v1", "Deployment"): ("spec", "template"),
    ("apps/v1", "DaemonSet"): ("spec", "template"),
    ("apps/v1", "StatefulSet"): ("spec", "template"),
    ("batch/v1", "Job"): ("spec", "template"),
    ("batch/v1", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
}
"""Where the Pod's metadata and spec stand, by apiVersion and kind."""

REFUSED: Final = "The API server refuses the object."
CONTAINERS: Final = ("containers", "initContainers", "ephemeralContainers")


@dataclass(frozen=True)
class Template:
    """The Pods of one document: where their metadata and spec stand."""

    document: Document
    root: FieldPath

    @property
    def labels(self) -> dict[str, Any]:
        """Return the labels that the Pods carry."""
        return mapping(self.document.get(*self.root, "metadata", "labels"))

    @property
    def spec(self) -> dict[str, Any]:
        """Return the Pods' spec."""
        return mapping(self.document.get(*self.root, "spec"))

    def at(self, *path: str | int) -> FieldPath:
        """Return the path in the document of a field of the Pods' spec."""
        return (*self.root, "spec", *path)

    def containers(self, groups: Sequence[str] = CONTAINERS) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
        """Yield the containers of these groups, each with its path in the document."""
        for group in groups:
            for index, container in mappings(self.spec.get(group)):
                yield self.at(group, index), container


def of(documents: Sequence[Document]) -> list[Template]:
    """Return the Pods of all those documents that make some."""
    roots = [(one, ROOTS.get((str(one.get("apiVersion")), one.kind))) for one in documents]
    return [Template(one, root) for one, root in roots if root is not None]


def refused(
    document: Document, path: FieldPath, what: str, mend: str, *, rule: str, why: str = REFUSED
) -> Finding:
    """Return the finding for what the API server refuses."""
    return Finding("error", what, document.at(*path), why, mend, rule, about(document))


def doubtful(
    document: Document,
    path: FieldPath,
    what: str,
    mend: str,
    *,
    rule: str,
    why: str,
    also: Document | None = None,
) -> Finding:
    """Return the finding for what the API server takes, and what seldom does what was meant.

    `also` is another object that it is about.
    """
    concerned = about(document, also) if also else about(document)
    return Finding("warning", what, document.at(*path), why, mend, rule, concerned)
