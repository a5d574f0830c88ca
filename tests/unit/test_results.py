"""The model of a graded run: what counts, what is written, and what is read back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from kindlings import results
from kindlings.errors import InfrastructureError
from kindlings.results import Outcome, Results, Running, TestResult

SCHEMA = Path(__file__).parents[2] / "docs" / "results.schema.json"
PASSED = TestResult("module1", "pods", "test_a", "A runs.", 2, 2, Outcome.PASSED, seconds=1.5)
FAILED = TestResult("module1", "pods", "test_b", "B runs.", 3, 0, Outcome.FAILED, "module1 · B\n  saw  x")
ERROR = TestResult("module2", "sets", "test_c", "C runs.", 4, 0, Outcome.ERROR, "trouble")
UNREACHED = TestResult("module2", "sets", "test_d", "D runs.", 1)
BARRED = replace(UNREACHED, message="not attempted: B runs, that comes first")
ELSEWHERE = TestResult("module2", "sets", "test_e", "E runs.", 9, 0, Outcome.NOT_APPLICABLE, "no nodes")


def of(*tests: TestResult) -> Results:
    """Return a finished run with these tests."""
    return Results("abcd", "2026-01-02T03:04:05+00:00", "2026-01-02T03:05:05+00:00", tests=tests)


def validator() -> jsonschema.Draft202012Validator:
    """Return the validator of the documented schema, itself checked."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize(
    ("tests", "graded"),
    [
        ((PASSED, FAILED), True),
        ((PASSED, ELSEWHERE), True),
        ((PASSED, BARRED), True),
        ((PASSED, ERROR), False),
        ((PASSED, UNREACHED), False),
        ((), False),
    ],
)
def test_a_run_is_graded_when_every_test_was_judged(tests: tuple[TestResult, ...], *, graded: bool) -> None:
    """An error of ours, a test that was not reached, or no test at all leave it ungraded."""
    assert of(*tests).graded is graded
    assert bool(of(*tests).reason) is not graded


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("module2 · C: not judged\n  trouble   It is\n            gone.\n  do        Wait.", ": It is gone"),
        ("The run was ended by SIGKILL.", ": The run was ended by SIGKILL"),
        ("", ""),
    ],
)
def test_the_reason_is_that_of_the_first_test_that_was_not_judged(message: str, why: str) -> None:
    """In a line: an instructor reads it of a whole class."""
    run = of(PASSED, replace(ERROR, message=message), UNREACHED)
    assert run.reason == f"module2/sets/test_c was not judged (and 1 more){why}"


def test_trouble_leaves_a_run_ungraded() -> None:
    """Even one whose tests were all judged."""
    assert not replace(of(PASSED), trouble="The disk was full.").graded


def test_points_are_summed_without_what_is_not_applicable() -> None:
    """By run and by lab."""
    run = of(PASSED, FAILED, ELSEWHERE, BARRED)
    assert (run.score, run.max_score) == (2, 6)
    assert run.labs() == {"module1/pods": (2, 5), "module2/sets": (0, 1)}


def test_what_is_written_follows_the_schema_and_is_read_back() -> None:
    """Every field of every kind of test, and a run that is under way."""
    run = replace(
        of(PASSED, FAILED, ERROR, UNREACHED, ELSEWHERE),
        finished="",
        versions=results.versions(kubernetes="v1.36.3"),
        running=(Running(UNREACHED.id, 1.5, queued=True),),
        cut=("cut",),
        notes=("note",),
        content="cafe",
    )
    text = results.to_json(run)
    validator().validate(json.loads(text))
    assert results.from_json(text) == run


@pytest.mark.parametrize(
    "change", [{"points": -1}, {"outcome": "skipped"}, {"message": "x" * 8001}, {"a": 1}]
)
def test_the_schema_refuses_other_tests(change: dict[str, object]) -> None:
    """It is no schema that takes anything."""
    data = json.loads(results.to_json(of(PASSED)))
    data["tests"][0] |= change
    assert list(validator().iter_errors(data))


@pytest.mark.parametrize(
    "text", ["{}", "[]", '{"schema": "kindlings/results/v1"}', "{", '{"schema": "other"}']
)
def test_what_is_none_of_ours_is_a_value_error(text: str) -> None:
    """Whatever a file holds, reading it ends in one way."""
    with pytest.raises(ValueError, match=r".*"):
        results.from_json(text)


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """And nothing else is left beside it."""
    path = tmp_path / "new" / "results.json"
    results.write(path, "one")
    results.write(path, "two")
    assert path.read_text() == "two"
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_our_trouble(tmp_path: Path) -> None:
    """With the path and what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(InfrastructureError, match="cannot be written"):
        results.write(tmp_path / "file" / "results.json", "")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a\x1b[31mb", "a·[31mb"),
        ("a\x00b\r\n\tc", "a·b·\n\tc"),
        ("\ud800", "·"),
        ("evil\u202etxt", "evil·txt"),
        ("grün · →", "grün · →"),
    ],
)
def test_nothing_is_left_in_a_text_that_a_terminal_obeys(text: str, plain: str) -> None:
    """Control characters, lone surrogates and what turns the direction of writing."""
    assert results.plain(text) == plain


def test_a_text_is_clipped() -> None:
    """To the very limit, with a sign that it goes on."""
    assert results.plain("x" * 10, 10) == "x" * 10
    clipped = results.plain("x" * 11, 10)
    assert (len(clipped), clipped[-1]) == (10, "…")
