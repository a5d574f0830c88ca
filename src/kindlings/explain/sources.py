"""From an object in the cluster back to the learner's lines that made it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kindlings import objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kindlings.commands import Command
    from kindlings.errors import Place
    from kindlings.manifests import Document, FieldPath
    from kindlings.recorder import Object, Snapshot

POD_TEMPLATE: Final = ("spec", "template")


@dataclass(frozen=True)
class Sources:
    """What the learner applied, what the course offers, and how to read a container's log."""

    documents: Sequence[Document]
    namespace: str
    course_images: Sequence[str] = ()
    logs: Callable[[str, str], str] = lambda _pod, _container: ""
    """Gives the end of a container's log, of its last run where the present one said nothing yet."""
    commands: Sequence[Command] = ()
    """What the learner's files of kubectl lines have run so far."""

    def of(self, one: Object, snapshot: Snapshot) -> Document | None:
        """Return the document that made the object, going up its owners, or None."""
        seen: Object | None = one
        while seen is not None:
            for document in self.documents:
                if document.kind == seen.get("kind") and document.name == objects.name(seen):
                    return document
                if seen.get("kind") == "PersistentVolumeClaim" and _has_template_of(document, seen):
                    return document
            # By name first: a Pod may be seen before its controller is, of which another watch tells.
            for owner in seen["metadata"].get("ownerReferences") or []:
                if owner.get("controller") and (made := self._named(owner["kind"], owner.get("name"))):
                    return made
            seen = _owner(seen, snapshot)
        return None

    def _named(self, kind: str, name: str | None) -> Document | None:
        return next((one for one in self.documents if (one.kind, one.name) == (kind, name)), None)

    def pod_root(self, document: Document) -> FieldPath:
        """Return where the Pod stands in the document: at its root, or in a controller's template."""
        return () if document.kind == "Pod" else POD_TEMPLATE

    def container(self, document: Document, name: str) -> FieldPath:
        """Return the path of the container of that name (an init container, too)."""
        root = (*self.pod_root(document), "spec")
        for group in ("containers", "initContainers"):
            for index, one in enumerate(document.get(*root, group) or []):
                if isinstance(one, dict) and one.get("name") == name:
                    return (*root, group, index)
        return root

    def set_by(self, value: str) -> str:
        """Return who gave an object of the lab a value that its manifest does not have."""
        return self.command_with(value) or f"the lab itself asks for {value}"

    def command_with(self, value: str) -> str:
        """Return the place of the last command that was run and has `value` in one of its words."""
        for command in reversed(self.commands):
            if any(word == value or word.endswith(f"={value}") for word in command.words):
                return str(command.place)
        return ""

    def look(self, what: str) -> str:
        """Return the command that shows more."""
        return f"kindlings kubectl -n {self.namespace} {what}"


def _has_template_of(document: Document, claim: Object) -> bool:
    """Tell by its name whether the document's volumeClaimTemplates have made the claim.

    Source: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-storage
    """
    base, _, ordinal = objects.name(claim).rpartition("-")
    templates = document.get("spec", "volumeClaimTemplates") or []
    names = [(one.get("metadata") or {}).get("name") for one in templates if isinstance(one, dict)]
    return ordinal.isdigit() and base in {f"{name}-{document.name}" for name in names}


def _owner(one: Object, snapshot: Snapshot) -> Object | None:
    for reference in one["metadata"].get("ownerReferences") or []:
        if reference.get("controller"):
            return snapshot.with_uid(reference["kind"], reference["uid"])
    return None


_PART: Final = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def parse_path(written: str) -> FieldPath:
    """Return the path that the API server wrote as "spec.containers[0].image"."""
    return tuple(int(index) if index else word for word, index in _PART.findall(written))


def places_of(document: Document, words: tuple[str, ...]) -> Iterator[tuple[FieldPath, Place]]:
    """Yield the fields whose path reads `words` when its indices are left out."""
    for path, place in document.places.items():
        if tuple(part for part in path if isinstance(part, str)) == words and isinstance(path[-1], str):
            yield path, place
