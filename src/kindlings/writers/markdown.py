"""What a learner reads of a run where Markdown is shown: a job's summary, a release, a comment.

Messages have a learner's hand in them, so each stands in a fence that nothing in it can end.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kindlings.results import Outcome
from kindlings.writers import text

if TYPE_CHECKING:
    from kindlings.results import Results, TestResult

MAX_BYTES: Final = 100_000
"""A release of GitHub's takes 125,000 characters, the summary of a step a megabyte."""


def write(run: Results) -> str:
    """Return the Markdown."""
    return text.fit(lambda clip: _document(run, clip), MAX_BYTES)


def _document(run: Results, clip: int) -> str:
    counted = [one for one in run.tests if one.counts]
    title = f"{run.score} of {run.max_score} points" if run.graded else "Not graded"
    lines = [f"### {title}", ""]
    if remarks := "\n".join([*([] if run.graded else [run.reason]), *run.cut, *run.notes]):
        lines += [_fenced(remarks), ""]
    if counted:
        lines += ["| | Test | Points |", "|---|---|---|", *map(_row, counted), ""]
    for one in counted:
        if one.message:
            lines += [f"**{_shown(text.name(one))}**", "", _fenced(text.message(one, clip)), ""]
    return "\n".join(lines)


def _row(one: TestResult) -> str:
    sign = "passed" if one.outcome is Outcome.PASSED else "failed" if one.judged else "not judged"
    return f"| {sign} | {_shown(text.name(one))} | {one.points} / {one.max_points} |"


def _shown(name: str) -> str:
    """Return a name as it is to be seen: none of Markdown's signs in it means anything."""
    return re.sub(r"([\\`*_\[\]<>|#!~])", r"\\\1", " ".join(name.split()))


def _fenced(said: str) -> str:
    longest = max((len(ticks) for ticks in re.findall("`+", said)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{said}\n{fence}"
