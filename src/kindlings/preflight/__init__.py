"""What can be told of manifests without a cluster: what the API server refuses, and what seldom is meant.

A family of checks is a module: `check(document)` looks at one document, and what compares documents takes all
of them. An error is certain: the API server refuses the object. Whatever it takes is a warning at most.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kindlings import manifests
from kindlings.errors import LabFailure, Place, UsageError
from kindlings.files import MAX_BYTES
from kindlings.preflight import (
    claims,
    containers,
    duplicates,
    fields,
    governing,
    kinds,
    mounted,
    names,
    probes,
    references,
    selectors,
    services,
    shells,
    volumes,
    workloads,
)
from kindlings.preflight.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from kindlings.errors import Findings
    from kindlings.manifests import Document

_OF_ONE: Final = (
    *(kinds.check, fields.check, names.check, selectors.check, services.check),
    *(workloads.check, containers.check, volumes.check, probes.check, shells.check),
)
_OF_ALL: Final = (
    selectors.services,
    services.target_ports,
    governing.check,
    references.check,
    mounted.check,
    claims.check,
)
_SUFFIXES: Final = {".yaml", ".yml"}


@dataclass
class Report:
    """What was found in some files."""

    findings: list[Finding] = field(default_factory=list)
    """In the order of the files and of their lines."""
    texts: dict[str, str] = field(default_factory=dict)
    """The text of each file that could be read as text, by its name in the findings."""
    objects: int = 0
    """How many objects the files hold."""
    left_out: list[str] = field(default_factory=list)
    """Files of folders that hold no Kubernetes object."""

    @property
    def errors(self) -> int:
        """Return how many errors there are."""
        return sum(1 for one in self.findings if one.level == "error")

    @property
    def warnings(self) -> int:
        """Return how many warnings there are."""
        return len(self.findings) - self.errors


def examine(documents: Sequence[Document], alternatives: Collection[str] = ()) -> list[Finding]:
    """Return what is to be said of documents that are applied together, in their order.

    The objects of a file among `alternatives` may bear the names of another file's, as two answers to one
    exercise do.
    """
    found = [one for document in documents for check in _OF_ONE for one in check(document)]
    found += between(documents)
    for twice in (duplicates.check, services.node_ports):
        found += twice(documents, alternatives)
    return in_order(found, dict.fromkeys(document.file for document in documents))


def between(documents: Sequence[Document]) -> list[Finding]:
    """Return what documents lack in each other: a Service's Pods, a claim, a port; all of them warnings."""
    return [one for check in _OF_ALL for one in check(documents)]


def check(paths: Iterable[Path]) -> Report:
    """Examine files, and the manifests of folders, together.

    Raises UsageError where there is no such file or folder, or nothing in it.
    """
    return check_files(files(paths))


def check_files(found_files: Iterable[tuple[Path, bool]]) -> Report:
    """Examine files together, each with whether it was found in a folder."""
    report, documents, unread = Report(), list[manifests.Document](), False
    alternatives: list[str] = []
    for path, in_folder in found_files:
        name = str(path)
        report.texts[name] = text(path)
        try:
            found = manifests.read(path, name).documents
        except LabFailure as failure:
            report.findings.append(unreadable(failure.findings, name))
            unread = True
            continue
        if in_folder and not any(one.get("apiVersion") or one.get("kind") for one in found):
            report.left_out.append(name)
            continue
        alternatives += [name] if in_folder else []
        documents += found
    report.objects = len(documents)
    found_in = examine(documents, alternatives)
    if unread:  # what seems to be missing may stand in the file that could not be read
        absent = {one.what for one in between(documents)}
        found_in = [one for one in found_in if one.what not in absent]
    report.findings = in_order([*report.findings, *found_in], report.texts)
    return report


def files(paths: Iterable[Path]) -> list[tuple[Path, bool]]:
    """Return the files, each once, and whether it was found in a folder.

    Raises UsageError where there is no such file or folder, or nothing in it.
    """
    found: dict[Path, bool] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.iterdir() if one.suffix in _SUFFIXES and not one.is_dir())
            if not inside:
                raise UsageError(f"{path} has no *.yaml in it.", "Name a folder of manifests, or a manifest.")
            for one in inside:
                found.setdefault(one, True)
        elif path.exists():
            found[path] = False
        else:
            raise UsageError(f"There is no file {path}.", "Name a manifest, or a folder of manifests.")
    return list(found.items())


def text(path: Path) -> str:
    """Return the beginning of a file, for the frames around its lines; others judge what it holds."""
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES).decode("utf-8-sig", "replace") if path.is_file() else ""
    except OSError:
        return ""


def unreadable(said: Findings, name: str) -> Finding:
    """Return the finding for a file `name` that cannot be read, in the words of who could not read it."""
    place = Place(name, said.place.line, said.place.column) if said.place else Place(name)
    what = said.because or f"{said.saw}, where {said.expected} is wanted"
    mend = f"Wanted is {said.expected}." if said.because else "Write what is wanted."
    why = "Nothing of the file is applied until it can be read."
    return Finding("error", what, place, why, mend, "unreadable")


def in_order(found: Iterable[Finding], files: Iterable[str]) -> list[Finding]:
    """Return each finding once, by file, line and column."""
    order = {file: index for index, file in enumerate(files)}
    once = dict.fromkeys(found)
    return sorted(once, key=lambda one: (order.get(one.place.file, -1), one.place.line, one.place.column))
