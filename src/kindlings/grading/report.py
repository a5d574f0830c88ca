"""What an instructor reads of one graded submission, and the files that are written of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kindlings import results
from kindlings.errors import InfrastructureError, UsageError
from kindlings.results import Outcome
from kindlings.writers.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kindlings.results import Results

_SIGNS = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.ERROR: "NOT JUDGED",
    Outcome.NOT_ATTEMPTED: "not attempted",
    Outcome.NOT_APPLICABLE: "not applicable",
}


def text(run: Results) -> str:
    """Return each test with its points, the messages of those that are not passed, and the total."""
    lines: list[str] = []
    for one in run.tests:
        sign = _SIGNS[one.outcome] if one.judged else _SIGNS[Outcome.ERROR]
        points = f"{one.points}/{one.max_points}" if one.counts else ""
        lines.append(f"{points:>7}  {sign:<14}  {one.module} · {one.lab} · {one.title.rstrip('.')}")
        said = one.message.splitlines()
        repeats = bool(said) and one.title.rstrip(".") in said[0]
        lines += [f"         {line}" for line in said[repeats:]]
    lines += [*run.notes, *run.cut, total(run)]
    return "\n".join(lines)


def total(run: Results) -> str:
    """Return the line of the total."""
    if run.graded:
        return f"{run.student}: {run.score} of {run.max_score} points"
    return f"{run.student}: NOT GRADED: {run.reason}"


def destinations(formats: Sequence[str], out: Path | None) -> dict[str, Path | None]:
    """Return where each format goes: into the file `out`, into the folder `out`, or to standard output.

    Raises UsageError where several formats have one file or none.
    """
    if out is not None and (len(formats) > 1 or out.is_dir()):
        return {name: out / FORMATS[name].file for name in formats}
    if len(formats) > 1:
        raise UsageError("Several formats need a folder to be written to.", "Add --out FOLDER.")
    return dict.fromkeys(formats, out)


def write(run: Results, where: dict[str, Path | None]) -> str:
    """Write the run in each format; return what goes to standard output.

    A format that has no form for a run that is not graded gets no file, and what an earlier run left in its
    place goes: nobody must take that for this run's.
    """
    printed = ""
    for name, path in where.items():
        try:
            made = FORMATS[name].write(run, os.environ)
        except InfrastructureError:
            if path is not None:
                path.unlink(missing_ok=True)
            continue
        if path is None:
            printed += made
        else:
            results.write(path, made)
    return printed
