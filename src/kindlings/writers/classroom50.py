"""Classroom 50's result.json (classroom50/result/v1).

Who was graded comes from the environment that its runner gives an autograder.py. A run that is not graded has
no file: there the runner takes a non-zero exit code for what it is. Extra fields of a test are kept by it.

Source: https://github.com/foundation50/classroom50, schemas/result-v1.schema.json
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from kindlings.errors import UsageError
from kindlings.results import Outcome
from kindlings.writers import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kindlings.results import Results, TestResult

MAX_TESTS: Final = 100
MAX_DETAIL: Final = 2000
_DEMANDED: Final = ("CLASSROOM", "ASSIGNMENT", "SUBMISSION_TAG", "COMMIT_URL", "RELEASE_URL")
_TAG: Final = re.compile(r"submit/(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)Z-")


def write(run: Results, environment: Mapping[str, str]) -> str:
    """Return result.json. Raises UsageError where `environment` is not that of Classroom 50's runner."""
    text.demand_graded(run)
    owner = environment.get("OWNER") or environment.get("USERNAME") or ""
    missing = [name for name in _DEMANDED if not environment.get(name)]
    if missing or not owner:
        lacks = ", ".join([*missing, *([] if owner else ["OWNER or USERNAME"])])
        raise UsageError(
            f"The format classroom50 needs to know who was graded: {lacks} not set.",
            "Classroom 50's runner sets them; see docs/grading.md for a run by hand.",
        )
    tests = [_test(one) for one in run.tests if one.counts]
    if len(tests) > MAX_TESTS:
        tests = [_entry(lab, got, most) for lab, (got, most) in run.labs().items()]
    made = {
        "schema": "classroom50/result/v1",
        "classroom": environment["CLASSROOM"],
        "assignment": environment["ASSIGNMENT"],
        "assignment_type": environment.get("ASSIGNMENT_TYPE") or environment.get("MODE") or "individual",
        "owner": owner,
        "submission": environment["SUBMISSION_TAG"],
        "commit": environment["COMMIT_URL"],
        "release": environment["RELEASE_URL"],
        "review": environment.get("REVIEW_URL") or environment["COMMIT_URL"],
        "datetime": _submitted(environment["SUBMISSION_TAG"]) or _utc(run.started),
        "graded_at": _utc(run.finished or run.started),
        "score": run.score,
        "max-score": run.max_score,
        "tests": tests,
    }
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _submitted(tag: str) -> str:
    """Return the instant that the tag of a submission carries, as regrading must not move it."""
    found = _TAG.match(tag)
    return f"{found[1]}T{found[2]}:{found[3]}:{found[4]}Z" if found else ""


def _utc(time: str) -> str:
    return time.replace("+00:00", "Z")


def _test(one: TestResult) -> dict[str, Any]:
    made = _entry(text.name(one), one.points, one.max_points, passed=one.outcome is Outcome.PASSED)
    return made | ({"message": text.message(one, MAX_DETAIL)} if one.message else {})


def _entry(name: str, got: int, most: int, *, passed: bool | None = None) -> dict[str, Any]:
    done = got == most if passed is None else passed
    return {"test-name": name, "passed": done, "score": got, "max-score": most}
