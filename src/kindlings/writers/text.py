"""What the writers have in common: texts of a learner's making, clipped until a file fits its reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kindlings import results
from kindlings.errors import InfrastructureError
from kindlings.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from kindlings.results import Results, TestResult

_CLIPS: Final = (8000, 4000, 2000, 1000, 500, 200, 80)


def name(test: TestResult) -> str:
    """Return how a test is called where people read it."""
    return results.plain(f"{test.module} · {test.lab} · {test.title.rstrip('.')}", 200)


def message(test: TestResult, limit: int) -> str:
    """Return what the learner reads of a test, in at most `limit` characters."""
    if test.message or test.outcome is not Outcome.NOT_ATTEMPTED:
        return results.plain(test.message, limit)
    return results.plain("not judged: the run ended before it came to this", limit)


def summary(run: Results) -> str:
    """Return a line for the run, and one for each thing that its reader should know."""
    score = f"{run.score} of {run.max_score} points" if run.graded else f"not graded: {run.reason}"
    return results.plain("\n".join([score, *run.cut, *run.notes]), 4000)


def demand_graded(run: Results) -> None:
    """Raise InfrastructureError for a run that is not graded."""
    if not run.graded:
        raise InfrastructureError(
            f"Not graded: {run.reason}.", "Grade it again; this format has no score for it."
        )


def fit(build: Callable[[int], str], limit: int) -> str:
    """Return `build` of the greatest clip of messages with which its text has at most `limit` bytes."""
    texts = (build(clip) for clip in _CLIPS)
    return next((text for text in texts if len(text.encode()) <= limit), build(0))
