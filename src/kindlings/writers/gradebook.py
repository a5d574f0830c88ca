"""CSV for a gradebook: a row for each student, a column for each lab.

A student who was not graded has no score, not even 0, and the status infrastructure-error. A cell that a
spreadsheet would take for a formula begins with an apostrophe.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from kindlings import results
from kindlings.writers import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kindlings.results import Results

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def write(runs: Sequence[Results]) -> str:
    """Return the table of `runs`, in their order."""
    labs = list(dict.fromkeys(lab for run in runs for lab in run.labs()))
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    head = ("student", "score", "max_score", *labs, "started", "finished", "status", "commit", "note")
    table.writerow(head)
    for run in runs:
        table.writerow([cell(value) for value in _row(run, labs)])
    return stream.getvalue()


def _row(run: Results, labs: Sequence[str]) -> list[str]:
    unjudged = {f"{one.module}/{one.lab}" for one in run.unjudged}
    got = run.labs()
    return [
        run.student,
        str(run.score) if run.graded else "",
        str(run.max_score) if run.graded else "",
        *(str(got[lab][0]) if lab in got and lab not in unjudged else "" for lab in labs),
        run.started,
        run.finished,
        "graded" if run.graded else "infrastructure-error",
        run.commit,
        "; ".join(text.summary(run).splitlines()[1:]) if run.graded else run.reason,
    ]


def cell(value: str) -> str:
    """Return a value that no spreadsheet takes for a formula, on one line."""
    plain = results.plain(" ".join(value.split()), 500)
    return f"'{plain}" if plain.startswith(_FORMULA) else plain
