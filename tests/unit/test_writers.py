"""Every grading format, as its reader has it documented, from one run; and never a zero for our trouble."""

from __future__ import annotations

import base64
import csv
import io
import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from kindlings import cli
from kindlings.errors import InfrastructureError, UsageError
from kindlings.results import Outcome, Results, TestResult
from kindlings.writers import github_classroom, gradebook, prairielearn
from kindlings.writers.formats import FORMATS
from tests.unit.test_results import BARRED, ELSEWHERE, ERROR, FAILED, PASSED, UNREACHED, of

GRADED = replace(of(PASSED, FAILED, BARRED, ELSEWHERE), student="ada", commit="cafe", cut=("Cut short.",))
PERFECT = of(PASSED, replace(PASSED, name="test_again"))
BROKEN = replace(of(PASSED, FAILED, ERROR, UNREACHED), student="ada")
NOTHING = replace(of(), trouble="The cluster was deleted")
HUGE = of(*(replace(FAILED, name=f"test_{n}", message="ü<&\x1b" * 4000) for n in range(150)))
RUNNER = {
    "CLASSROOM": "cs1",
    "ASSIGNMENT": "pods",
    "SUBMISSION_TAG": "submit/2026-06-01T14-32-05Z-a1b2c3d",
    "COMMIT_URL": "https://github.com/o/r/commit/1",
    "RELEASE_URL": "https://github.com/o/r/releases/tag/1",
    "USERNAME": "ada",
}
"""What Classroom 50's runner sets."""


def write(name: str, run: Results) -> str:
    """Return the run in the format."""
    return FORMATS[name].write(run, RUNNER)


def loads(name: str, run: Results) -> dict[str, Any]:
    """Return what a reader of the format gets of the run."""
    text = write(name, run)
    found: dict[str, Any] = json.loads(base64.b64decode(text) if name == "github-classroom" else text)
    return found


# What must hold in every format.


@pytest.mark.parametrize("name", ["classroom50", "gradescope"])
@pytest.mark.parametrize("run", [BROKEN, NOTHING], ids=["error", "nothing"])
def test_a_run_that_is_not_graded_has_no_file_where_a_score_is_demanded(name: str, run: Results) -> None:
    """There the missing file is what tells the reader."""
    with pytest.raises(InfrastructureError, match="Not graded: "):
        write(name, run)


@pytest.mark.parametrize("run", [BROKEN, NOTHING], ids=["error", "nothing"])
def test_a_run_that_is_not_graded_is_never_a_zero(run: Results) -> None:
    """Each of the other formats has its own way to say so."""
    classroom = loads("github-classroom", run)
    assert (classroom["status"], classroom["max_score"], reported([classroom])) == ("error", 0, (0, 0))
    assert run.reason in classroom["tests"][0]["message"]
    prairie = loads("prairielearn", run)
    assert prairie["gradable"] is False
    assert "score" not in prairie
    assert prairie["format_errors"] == [f"This was not graded, and costs no attempt: {run.reason}"]
    (row,) = csv.DictReader(io.StringIO(write("csv", run)))
    assert (row["score"], row["status"], row["note"]) == ("", "infrastructure-error", run.reason)
    assert list(ET.fromstring(write("junit", run)).iter("error"))  # noqa: S314 - our own
    assert json.loads(write("json", run))["graded"] is False


@pytest.mark.parametrize("name", FORMATS)
def test_a_run_is_written_the_same_twice(name: str) -> None:
    """A writer is a function of the run."""
    assert write(name, GRADED) == write(name, GRADED)


@pytest.mark.parametrize(("run", "score"), [(GRADED, 2), (PERFECT, 4)])
def test_every_format_has_the_same_total(run: Results, score: int) -> None:
    """Points are whole; PrairieLearn's score is their share."""
    assert reported([loads("github-classroom", run)]) == (score, run.max_score)
    assert (loads("classroom50", run)["score"], loads("classroom50", run)["max-score"]) == (
        score,
        run.max_score,
    )
    assert loads("gradescope", run)["score"] == score
    assert loads("prairielearn", run)["score"] == pytest.approx(score / run.max_score, abs=1e-6)
    (row,) = csv.DictReader(io.StringIO(write("csv", run)))
    assert (row["score"], row["max_score"]) == (str(score), str(run.max_score))
    for one in ("classroom50", "gradescope"):
        assert sum(test["score"] for test in loads(one, run)["tests"]) == score
    junit = ET.fromstring(write("junit", run))  # noqa: S314 - our own
    assert (
        sum(int(found.get("value", "")) for found in junit.iterfind(".//property[@name='points']")) == score
    )


@pytest.mark.parametrize("name", FORMATS)
def test_a_learners_text_stays_text(name: str) -> None:
    """No escape sequence, no markup, and no file that grows with what a learner wrote."""
    text = base64.b64decode(write(name, HUGE)).decode() if name == "github-classroom" else write(name, HUGE)
    assert "\x1b" not in text
    assert "\\u001b" not in text
    assert len(text.encode()) < 3_000_000


def test_a_test_that_is_not_applicable_is_left_out() -> None:
    """It is worth nothing and costs nothing; JUnit, which lists, has it as skipped."""
    for name in ("github-classroom", "classroom50", "gradescope", "prairielearn"):
        assert len(loads(name, GRADED)["tests"]) == 3
    assert len(list(ET.fromstring(write("junit", GRADED)).iter("skipped"))) == 1  # noqa: S314 - our own


# GitHub Classroom's reporter.


def reported(runners: list[dict[str, Any]]) -> tuple[int, int]:
    """Return total and maximum as the reporter adds them up: scores of tests, where max_score is truthy."""
    counted = [one for one in runners if one["max_score"]]
    total = sum(test["score"] for one in counted for test in one["tests"])
    return total, sum(one["max_score"] for one in counted)


def test_the_reporter_gets_each_test() -> None:
    """With its status, its own score, and the learner's message where it failed."""
    found = loads("github-classroom", GRADED)
    assert (found["version"], found["status"], found["max_score"]) == (3, "fail", 6)
    assert [(one["status"], one["score"]) for one in found["tests"]] == [
        ("pass", 2),
        ("fail", 0),
        ("fail", 0),
    ]
    assert found["tests"][0]["message"] is None
    assert "saw  x" in found["tests"][1]["message"]
    assert found["tests"][1]["filename"] == "exercises/module1/test_pods.py"
    assert loads("github-classroom", PERFECT)["status"] == "pass"


def test_the_reporters_variable_fits_into_an_environment() -> None:
    """Linux takes 128 KiB of one, its name and the final zero included."""
    assert len(write("github-classroom", HUGE)) < 128 * 1024 - 100
    assert len(loads("github-classroom", HUGE)["tests"]) == 150


@pytest.mark.parametrize("line", ["::error::x", "  ::stop-commands::x", "##[error]x"])
def test_no_message_is_a_command_of_githubs_runner(line: str) -> None:
    """The reporter prints messages, and the runner obeys what is printed at the beginning of a line."""
    found = loads("github-classroom", of(replace(FAILED, message=f"a\n{line}")))
    printed = found["tests"][0]["message"].splitlines()[1]
    assert not printed.strip().startswith("::")
    assert "##[" not in printed


def test_the_value_is_one_line_of_base64() -> None:
    """As a line of $GITHUB_OUTPUT must be."""
    assert set(github_classroom.write(GRADED)) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
    )


# Classroom 50.

TEXT = {"type": "string", "minLength": 1}
POINTS = {"type": "integer", "minimum": 0}
INSTANT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
RESULT = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        *("schema", "classroom", "assignment", "assignment_type", "owner", "submission", "commit", "release"),
        *("review", "datetime", "score", "max-score", "tests"),
    ],
    "properties": {
        "schema": {"const": "classroom50/result/v1"},
        "assignment_type": {"enum": ["individual", "group"]},
        "submission": {"type": "string", "pattern": "^submit/"},
        **dict.fromkeys(("classroom", "assignment", "owner", "commit", "release", "review"), TEXT),
        **dict.fromkeys(("score", "max-score"), POINTS),
        **dict.fromkeys(("datetime", "graded_at"), INSTANT),
        "tests": {
            "type": "array",
            "maxItems": 100,
            "items": {
                "type": "object",
                "required": ["test-name", "passed", "score", "max-score"],
                "properties": {
                    "test-name": TEXT,
                    "passed": {"type": "boolean"},
                    "score": POINTS,
                    "max-score": POINTS,
                    "message": {"type": "string", "maxLength": 2000},
                },
            },
        },
    },
}
"""What the documentation of Classroom 50 demands of a result.json."""


@pytest.mark.parametrize("run", [GRADED, PERFECT, HUGE])
def test_classroom50_takes_the_result(run: Results) -> None:
    """Closed at the top, whole points, at most 100 tests, 2,000 characters each."""
    found = loads("classroom50", run)
    jsonschema.validate(found, RESULT)
    assert found["score"] == sum(test["score"] for test in found["tests"])
    assert found["max-score"] == sum(test["max-score"] for test in found["tests"])


def test_classroom50_is_told_who_submitted_and_when() -> None:
    """The instant is the submission's, which regrading must not move."""
    found = loads("classroom50", GRADED)
    assert (found["owner"], found["classroom"], found["review"]) == ("ada", "cs1", RUNNER["COMMIT_URL"])
    assert (found["datetime"], found["graded_at"]) == ("2026-06-01T14:32:05Z", "2026-01-02T03:05:05Z")
    group = FORMATS["classroom50"].write(GRADED, {**RUNNER, "MODE": "group", "OWNER": "bob"})
    assert (json.loads(group)["assignment_type"], json.loads(group)["owner"]) == ("group", "bob")


@pytest.mark.parametrize("missing", ["CLASSROOM", "SUBMISSION_TAG", "USERNAME"])
def test_classroom50_needs_to_know_who(missing: str) -> None:
    """Outside its runner that is a mistake at the prompt, which names what is missing."""
    with pytest.raises(UsageError, match=missing):
        FORMATS["classroom50"].write(GRADED, {key: value for key, value in RUNNER.items() if key != missing})


# Gradescope, PrairieLearn, JUnit.


def test_gradescope_gets_texts_that_it_takes_for_nothing_else() -> None:
    """Names, numbers, statuses and visibilities are those that its specification has."""
    found = loads("gradescope", GRADED)
    assert (found["output_format"], found["stdout_visibility"]) == ("text", "hidden")
    assert "Cut short." in found["output"]
    assert [one["status"] for one in found["tests"]] == ["passed", "failed", "failed"]
    for one in found["tests"]:
        assert (one["output_format"], one["visibility"]) == ("text", "visible")
        assert one["score"] <= one["max_score"]


def test_prairielearn_gets_a_megabyte_at_most() -> None:
    """And a score between 0 and 1."""
    text = prairielearn.write(HUGE)
    assert len(text.encode()) < 1_000_000
    assert json.loads(text)["score"] == 0
    assert loads("prairielearn", PERFECT)["score"] == 1


def test_prairielearn_does_not_grade_what_nothing_can_be_had_for() -> None:
    """On a cluster on which no test of the module is applicable."""
    found = loads("prairielearn", of(ELSEWHERE))
    assert found["gradable"] is False
    assert "nothing to be had" in found["format_errors"][0]


def test_junit_tells_failures_from_errors() -> None:
    """In elements and in the counts of each suite."""
    root = ET.fromstring(write("junit", BROKEN))  # noqa: S314 - our own
    counts = {
        suite.get("name"): (suite.get("tests"), suite.get("failures"), suite.get("errors"))
        for suite in root.iter("testsuite")
    }
    assert counts == {"module1.pods": ("2", "1", "0"), "module2.sets": ("2", "0", "2")}
    (failure,) = root.iter("failure")
    assert (failure.get("message"), failure.text) == ("module1 · B", FAILED.message)


@pytest.mark.parametrize("run", [GRADED, BROKEN, NOTHING], ids=["graded", "error", "nothing"])
def test_junit_has_what_the_strictest_reader_demands_of_a_suite(run: Results) -> None:
    """Each suite counts its cases, failures and errors, and says whose it is; there is nothing else."""
    root = ET.fromstring(write("junit", run))  # noqa: S314 - our own
    assert {child.tag for child in root} == {"testsuite"}
    for suite in root:
        cases = list(suite.iter("testcase"))
        assert int(suite.get("tests", "")) == len(cases)
        assert int(suite.get("failures", "")) == len(list(suite.iter("failure")))
        assert int(suite.get("errors", "")) == len(list(suite.iter("error")))
        about = {one.get("name"): one.get("value") for one in suite.findall("properties/property")}
        assert about["graded"] == str(run.graded).lower()
        assert about.get("student", "") == run.student


# CSV.


def test_a_gradebook_has_a_row_for_each_student_and_a_column_for_each_lab() -> None:
    """In the order of the course, though students differ in what they were graded by."""
    other = replace(of(TestResult("module3", "deployment", "t", "T.", 1, 1, Outcome.PASSED)), student="bob")
    rows = list(csv.DictReader(io.StringIO(gradebook.write([GRADED, other, BROKEN]))))
    assert list(rows[0])[:6] == [
        "student",
        "score",
        "max_score",
        "module1/pods",
        "module2/sets",
        "module3/deployment",
    ]
    assert [row["student"] for row in rows] == ["ada", "bob", "ada"]
    assert [(row["module1/pods"], row["module2/sets"]) for row in rows] == [("2", "0"), ("", ""), ("2", "")]
    assert rows[0]["note"] == "Cut short."


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\t=1"])
def test_no_cell_is_a_formula(name: str) -> None:
    """A folder's name is a student's to choose, and the instructor's spreadsheet would run it."""
    text = gradebook.write([replace(GRADED, student=name)])
    (row,) = csv.DictReader(io.StringIO(text))
    assert not row["student"].startswith(("=", "+", "-", "@", "\t"))


def test_the_prompt_offers_every_format() -> None:
    """The command names the formats itself, as its help must not wait for their modules."""
    assert tuple(FORMATS) == cli._FORMATS


# Markdown.


def test_markdown_has_the_points_and_every_message() -> None:
    """A row for each test that counts, and below it what the learner reads of those that have a message."""
    found = write("markdown", GRADED)
    assert found.startswith("### 2 of 6 points\n")
    assert "| passed | module1 · pods · A runs | 2 / 2 |" in found
    assert "| failed | module1 · pods · B runs | 0 / 3 |" in found
    assert f"```text\n{FAILED.message}\n```" in found
    assert "Cut short." in found
    assert ELSEWHERE.name not in found


@pytest.mark.parametrize("run", [BROKEN, NOTHING], ids=["error", "nothing"])
def test_markdown_says_what_is_not_graded_and_why(run: Results) -> None:
    """There is no total that somebody could take for one."""
    found = write("markdown", run)
    assert found.startswith("### Not graded")
    assert run.reason in found
    assert " points" not in found


def test_nothing_in_a_message_ends_its_fence() -> None:
    """A learner's text stays text, whatever it holds; so does a name in the table."""
    said = "```\n# 100 of 100\n`````\n![x](https://example.com/x)"
    found = write("markdown", of(replace(FAILED, message=said, title="a | b <img> `c`")))
    assert f"``````text\n{said}\n``````" in found
    assert r"a \| b \<img\> \`c\`" in found
    assert len(write("markdown", HUGE)) < 125_000
