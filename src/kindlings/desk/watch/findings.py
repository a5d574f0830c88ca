"""What can be told of a saved file at once, before the cluster has been asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kindlings import commands, manifests, results
from kindlings.desk.syllabus import PREDICTIONS
from kindlings.errors import LabFailure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def of(paths: Iterable[Path]) -> Iterator[str]:
    """Yield a line for each thing that keeps a file from being read."""
    for path in sorted(paths):
        try:
            if path.suffix == ".sh":
                commands.read(path)
            elif path.suffix in {".yaml", ".yml"} and path.name != PREDICTIONS:
                manifests.read(path)
        except LabFailure as failure:
            found = failure.findings
            what = found.because or f"{found.saw} in place of {found.expected}"
            yield results.plain(f"{found.place or path.name}: {what}")
