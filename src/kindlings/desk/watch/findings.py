"""What can be told of a saved file at once, before the cluster has been asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kindlings import commands, manifests, preflight, results
from kindlings.errors import LabFailure
from kindlings.preflight.findings import advised

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def of(paths: Iterable[Path]) -> Iterator[str]:
    """Yield a line for each thing that keeps a file from being read, or an object from being taken.

    Warnings are left to the cluster: a lab applies other files, too, and what is missing may be in those.
    """
    for path in sorted(paths):
        try:
            if path.suffix == ".sh":
                commands.read(path)
            elif path.suffix in {".yaml", ".yml"}:
                yield from _errors(path)
        except LabFailure as failure:
            found = failure.findings
            what = found.because or f"{found.saw} in place of {found.expected}"
            yield results.plain(f"{found.place or path.name}: {what}")


def _errors(path: Path) -> Iterator[str]:
    documents = manifests.read(path).documents
    # Predictions are a file of answers, and no object.
    if any(one.get("apiVersion") or one.get("kind") for one in documents):
        for finding in preflight.examine(documents):
            if finding.level == "error":
                yield results.plain(f"{finding.place}: {advised(finding.message, finding.mend)}")
