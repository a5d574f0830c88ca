"""Gradescope's results.json.

It demands a score, so a run that is not graded has no file: Gradescope then tells the instructor that the
autograder failed, and the submission can be run again.

Source: https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from kindlings.results import Outcome
from kindlings.writers import text

if TYPE_CHECKING:
    from kindlings.results import Results, TestResult

MAX_BYTES: Final = 1_000_000
"""No limit is documented; a page of a megabyte is long enough."""


def write(run: Results) -> str:
    """Return results.json. Raises InfrastructureError for a run that is not graded."""
    text.demand_graded(run)
    return text.fit(lambda clip: _json(run, clip), MAX_BYTES)


def _json(run: Results, clip: int) -> str:
    counted = [one for one in run.tests if one.counts]
    made = {
        "score": run.score,
        "execution_time": round(run.seconds),
        "output": text.summary(run),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"run": run.run, "versions": dict(run.versions), "content": run.content},
        "tests": [_test(number, one, clip) for number, one in enumerate(counted, 1)],
    }
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _test(number: int, one: TestResult, clip: int) -> dict[str, Any]:
    return {
        "number": str(number),
        "name": text.name(one),
        "score": one.points,
        "max_score": one.max_points,
        "status": "passed" if one.outcome is Outcome.PASSED else "failed",
        "output": text.message(one, clip),
        "output_format": "text",
        "tags": [one.module, one.lab],
        "visibility": "visible",
    }
