"""The result of a grader step for classroom-resources/autograding-grading-reporter: base64 of its JSON.

The reporter adds up the tests' scores, and counts a runner only where its max_score is not 0. So a run that
is not graded has max_score 0 and the status "error": the job fails, and no total is reported. The reporter
is handed the text in an environment variable, of which Linux takes 128 KiB; and it prints the messages, of
which GitHub's runner would obey lines that begin with two colons.

Source: https://github.com/classroom-resources/autograding-grading-reporter
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any, Final

from kindlings.results import Outcome
from kindlings.writers import text

if TYPE_CHECKING:
    from kindlings.results import Results, TestResult

MAX_BYTES: Final = 90 * 1024
"""Of JSON: base64 makes four characters of three bytes."""
_COMMAND: Final = re.compile(r"(?m)^(\s*):(?=:)|#(?=#\[)")


def write(run: Results) -> str:
    """Return the value of the step's output `result`."""
    return base64.b64encode(text.fit(lambda clip: _json(run, clip), MAX_BYTES).encode()).decode()


def _json(run: Results, clip: int) -> str:
    tests = [_test(one, clip) for one in run.tests if one.counts]
    if not run.graded:
        status, most = "error", 0
        tests.insert(0, _entry("This run was not graded", "error", 0, text.summary(run)))
    else:
        status, most = ("pass" if run.score == run.max_score else "fail"), run.max_score
    return json.dumps({"version": 3, "status": status, "max_score": most, "tests": tests})


def _test(one: TestResult, clip: int) -> dict[str, Any]:
    passed = one.outcome is Outcome.PASSED
    status = "pass" if passed else "fail" if one.judged else "error"
    made = _entry(text.name(one), status, one.points, None if passed else text.message(one, clip))
    return made | {"filename": f"exercises/{one.module}/test_{one.lab}.py", "duration": round(one.seconds)}


def _entry(name: str, status: str, score: int, message: str | None) -> dict[str, Any]:
    return {
        "name": name,
        "status": status,
        "score": score,
        "message": message and _COMMAND.sub(lambda found: f"{found[0]} ", message),
        "test_code": "",
        "filename": "",
        "line_no": 0,
        "duration": 0,
    }
