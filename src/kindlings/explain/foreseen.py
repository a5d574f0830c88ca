"""What the files alone show of a failure, where nothing certain is known from the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kindlings import preflight
from kindlings.preflight import labs, shells
from kindlings.preflight.findings import advised, mapping

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kindlings.errors import Findings, Place
    from kindlings.manifests import Document, FieldPath
    from kindlings.preflight.findings import Finding


def error_in(document: Document) -> Finding | None:
    """Return the first error of a document that the API server has refused, or None."""
    return next((one for one in preflight.examine([document]) if one.level == "error"), None)


def refused(document: Document, place: Place, rule: str = "") -> tuple[str, Place] | None:
    """Return what preflight finds wrong by `rule`, or in the line that the server meant, and where it stands.

    Where it finds nothing there, its one error anywhere in the object is meant; None where that is not so
    either. Errors of preflight are certain, and the object has been refused.
    """
    errors = [one for one in preflight.examine([document]) if one.level == "error"]
    there = [one for one in errors if one.rule == rule or one.place.line == place.line]
    there = there or (errors if len(errors) == 1 else [])
    return (sentence(there[0]), there[0].place) if there else None


def complete(findings: Findings, documents: Sequence[Document]) -> None:
    """Give a failure without a cause the one thing that its files show, and how to mend it.

    Of several things none is taken: which of them it was is not known then. Where the failure is about a file
    or names objects, only what is said of these counts.
    """
    if findings.because or not documents:
        return
    about = _concerned(findings, documents)
    found = [one for one in preflight.examine(documents) if not about or one.objects & about]
    if len(found) == 1:
        findings.because = sentence(found[0])
        findings.place = found[0].place


def program(document: Document, images: Sequence[str]) -> str:
    """Return, to be added to why a container ended, which image has no shell to be asked for; or nothing."""
    found = labs.check([document], labs.Lab(images=images)) if images else ()
    return next((f"; {one.because}" for one in found if one.rule == "lab-program"), "")


def incomplete(document: Document, path: FieldPath) -> str:
    """Return what the container at `path` lacks of shell, -c and script, and where; or nothing."""
    found = shells.incomplete(document, mapping(document.get(*path)), path)
    return next((one.because for one in found), "")


def _concerned(findings: Findings, documents: Sequence[Document]) -> set[tuple[str, str]]:
    """Return the kinds and names of the objects that the failure speaks of."""
    words = f"{findings.expected} {findings.saw} "
    named = {(one.kind, one.name) for one in documents if one.name and f"{one.title} " in words}
    if named or findings.place is None:
        return named
    return {(one.kind, one.name) for one in documents if one.file == findings.place.file}


def sentence(finding: Finding) -> str:
    """Return what a finding says, with its line and what to do, for a because line."""
    return advised(finding.because, finding.mend)
