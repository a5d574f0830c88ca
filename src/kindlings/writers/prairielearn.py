"""PrairieLearn's results.json for an externally graded question.

A run that is not graded is `gradable: false`: no points are given or lost, and it costs no attempt.

Source: https://prairielearn.readthedocs.io/en/latest/externalGrading/#grading-results
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from kindlings import results
from kindlings.results import Outcome
from kindlings.writers import text

if TYPE_CHECKING:
    from kindlings.results import Results, TestResult

MAX_BYTES: Final = 900_000
"""Of the megabyte that PrairieLearn takes."""


def write(run: Results) -> str:
    """Return results.json."""
    return text.fit(lambda clip: _json(run, clip), MAX_BYTES)


def _json(run: Results, clip: int) -> str:
    gradable = run.graded and run.max_score > 0
    made: dict[str, Any] = {
        "gradable": gradable,
        "message": text.summary(run),
        "tests": [_test(one, clip) for one in run.tests if one.counts],
    }
    if gradable:
        made["score"] = round(run.score / run.max_score, 6)
    else:
        why = run.reason or "on this cluster there is nothing to be had for it"
        made["format_errors"] = [results.plain(f"This was not graded, and costs no attempt: {why}", 4000)]
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _test(one: TestResult, clip: int) -> dict[str, Any]:
    return {
        "name": text.name(one),
        "description": "" if one.judged else "not judged",
        "points": one.points,
        "max_points": one.max_points,
        "message": "passed" if one.outcome is Outcome.PASSED else "",
        "output": text.message(one, clip),
    }
