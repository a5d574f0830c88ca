"""`kindlings grade` at the prompt: what it writes, its exit codes, and what it does without a cluster."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from kindlings import results
from kindlings.console import PlainProgress
from kindlings.errors import ExitCode, InfrastructureError, UsageError
from kindlings.grading import command, one
from kindlings.grading.command import Options
from kindlings.grading.one import Assignment
from kindlings.grading.place import Place
from kindlings.grading.trusted import Target
from kindlings.results import Outcome, Results, TestResult

if TYPE_CHECKING:
    from pathlib import Path

PASSED = TestResult("module1", "pods", "test_a", "A runs.", 2, 2, Outcome.PASSED)
QUIET = PlainProgress(io.StringIO())
FORMATS = ("github-classroom", "gradescope", "prairielearn", "csv")


def graded(monkeypatch: pytest.MonkeyPatch, run: Results) -> None:
    """Let every submission have these results, without a cluster."""
    task = Assignment(("module1",), (PASSED,))
    monkeypatch.setattr(command, "prepared", lambda _options, _progress: task)

    def grade(_folder: Path, _task: Assignment, *, student: str, commit: str) -> Results:
        return replace(run, student=student or "ada", commit=commit)

    monkeypatch.setattr(one, "grade", grade)


def test_what_is_graded_ends_with_0_whatever_its_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each format has its file, and the terminal the total."""
    failed = replace(PASSED, points=0, outcome=Outcome.FAILED, message="no")
    graded(monkeypatch, Results("r", results.now(), tests=(failed,)))
    options = Options(formats=FORMATS, out=tmp_path / "out")
    assert command.run((tmp_path,), options, QUIET) == ExitCode.OK
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "github-classroom.b64",
        "grades.csv",
        "gradescope.json",
        "prairielearn.json",
    ]
    assert "ada: 0 of 2 points" in capsys.readouterr().out


def test_what_is_not_graded_ends_with_7(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And a format on standard output leaves the reason to standard error."""
    graded(monkeypatch, Results("r", results.now(), tests=(PASSED,), trouble="The disk was full"))
    assert command.run((tmp_path,), Options(formats=("json",)), QUIET) == ExitCode.INFRASTRUCTURE
    told = capsys.readouterr()
    assert json.loads(told.out)["graded"] is False
    assert "NOT GRADED: The disk was full" in told.err


def test_a_foreign_cluster_that_is_away_is_not_brought_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The advice is about that cluster: `kindlings up` would be about another."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nothing"))
    with pytest.raises(InfrastructureError) as error:
        Place(Target("grading", any_context=True), QUIET)
    assert "the context grading" in error.value.advice
    assert "kindlings up" in Target().advice


def test_without_a_cluster_nothing_is_a_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Formats with a form for it say so, and an older score in the place of the others goes."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "gradescope.json").write_text('{"score": 100}')

    def prepared(_options: Options, _progress: PlainProgress) -> Assignment:
        raise InfrastructureError("There is no engine.", "Install one.")

    monkeypatch.setattr(command, "prepared", prepared)
    with pytest.raises(InfrastructureError, match="There is no engine"):
        command.run((tmp_path,), Options(formats=FORMATS, out=out), QUIET)
    assert not (out / "gradescope.json").exists()
    assert json.loads((out / "prairielearn.json").read_text())["gradable"] is False
    reported = json.loads(base64.b64decode((out / "github-classroom.b64").read_text()))
    assert (reported["status"], reported["max_score"]) == ("error", 0)
    assert "infrastructure-error" in (out / "grades.csv").read_text()


def test_a_class_is_graded_and_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By --jobs or by a table; --merge makes the same table of what was written."""
    graded(monkeypatch, Results("r", results.now(), results.now(), tests=(PASSED,)))
    for name in ("ada", "bob"):
        (tmp_path / "class" / name).mkdir(parents=True)
    assert command.run((tmp_path / "class",), Options(jobs=2, out=tmp_path / "a"), QUIET) == ExitCode.OK
    merged = Options(merge=True, out=tmp_path / "b")
    assert command.run((tmp_path / "a",), merged, QUIET) == ExitCode.OK
    assert (tmp_path / "a" / "grades.csv").read_text() == (tmp_path / "b" / "grades.csv").read_text()
    assert "2 of 2 students graded" in (tmp_path / "b" / "summary.txt").read_text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (Options(kube_context="production"), "is not a cluster of kind"),
        (Options(formats=("json", "csv")), "need a folder"),
        (Options(modules=("module9",)), "There is no module9"),
    ],
)
def test_what_cannot_be_meant_is_told_before_anything_is_graded(
    tmp_path: Path, options: Options, words: str
) -> None:
    """In one sentence, with the exit code for it."""
    with pytest.raises(UsageError) as error:
        command.run((tmp_path,), options, QUIET)
    assert words in str(error.value)


def test_two_submissions_are_no_class(tmp_path: Path) -> None:
    """A class is a folder of folders, or a table."""
    with pytest.raises(UsageError, match="Give one submission"):
        command.run((tmp_path, tmp_path), Options(), QUIET)
