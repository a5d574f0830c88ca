"""Grading a class: who is in it, what is kept, what one student's trouble costs others, and the tables."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from kindlings import results
from kindlings.console import PlainProgress
from kindlings.errors import InfrastructureError, UsageError
from kindlings.grading import classes, one, submission
from kindlings.grading.one import Assignment
from kindlings.results import Outcome, Results, TestResult

if TYPE_CHECKING:
    from pathlib import Path

A_TEST = TestResult("module1", "pods", "test_a", "A runs.", 2)
B_TEST = TestResult("module1", "pods", "test_b", "B runs.", 3)
TASK = Assignment(("module1",), (A_TEST, B_TEST))


class Grader:
    """Stands for one.grade: a student's file says how many of two tests pass, or what goes wrong."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def grade(self, folder: Path, task: Assignment, *, student: str, commit: str) -> Results:
        """Return what the file of the student says."""
        self.asked.append(student)
        text = (folder / "single-container.yaml").read_text(encoding="utf-8")
        if text == "disk":
            raise InfrastructureError("The disk is gone.")
        passed = [
            replace(test, outcome=Outcome.PASSED, points=test.max_points)
            if number < int(text)
            else replace(test, outcome=Outcome.FAILED, message="no")
            for number, test in enumerate(task.tests)
        ]
        content = task.content(submission.read(folder, task.modules))
        run = Results(
            "r", results.now(), results.now(), student, commit, tests=tuple(passed), content=content
        )
        return replace(run, trouble="gone") if text == "-1" else run


@pytest.fixture
def grader(monkeypatch: pytest.MonkeyPatch) -> Grader:
    """Give a grader that needs no cluster."""
    made = Grader()
    monkeypatch.setattr(one, "grade", made.grade)
    return made


def hand_in(folder: Path, **texts: str) -> Path:
    """Write a class of submissions."""
    for name, text in texts.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "single-container.yaml").write_text(text, encoding="utf-8")
    return folder


def grade(folder: Path, out: Path, task: Assignment = TASK, which: str = "1/1") -> list[Results]:
    """Grade the class by two at a time."""
    chosen = classes.shard(classes.students(folder), which)
    return classes.grade(chosen, task, out, 2, ["gradescope"], PlainProgress(io.StringIO()))


def test_each_student_has_results_and_the_class_a_table(grader: Grader, tmp_path: Path) -> None:
    """In the order of their names, with a summary of what was hard."""
    runs = grade(hand_in(tmp_path / "class", bob="1", ada="2", eve="0"), tmp_path / "out")
    assert [(run.student, run.score) for run in runs] == [("ada", 5), ("bob", 2), ("eve", 0)]
    assert sorted(grader.asked) == ["ada", "bob", "eve"]
    assert (tmp_path / "out" / "ada" / "gradescope.json").exists()
    told = classes.write(runs, tmp_path / "out")
    assert "3 of 3 students graded" in told
    assert told.index("33%  module1 · pods · B runs") < told.index("67%  module1 · pods · A runs")
    table = (tmp_path / "out" / "grades.csv").read_text(encoding="utf-8").splitlines()
    assert [row.split(",")[:2] for row in table[1:]] == [["ada", "5"], ["bob", "2"], ["eve", "0"]]


def test_who_is_graded_and_hands_in_nothing_new_is_kept(grader: Grader, tmp_path: Path) -> None:
    """A changed file, an ungraded run or another version of the lessons is graded again; totals stay."""
    folder = hand_in(tmp_path / "class", ada="2", bob="1", eve="-1")
    first = grade(folder, tmp_path / "out")
    grader.asked.clear()
    hand_in(folder, bob="2")
    second = grade(folder, tmp_path / "out")
    assert sorted(grader.asked) == ["bob", "eve"]
    assert second[0] == first[0]
    grade(folder, tmp_path / "out", replace(TASK, versions={"kindlings": "9"}))
    assert grader.asked.count("ada") == 1


def test_one_students_trouble_is_no_others(grader: Grader, tmp_path: Path) -> None:
    """Who cannot be graded has no score and no file of a format that demands one."""
    runs = grade(hand_in(tmp_path / "class", ada="disk", bob="2"), tmp_path / "out")
    assert [(run.student, run.graded) for run in runs] == [("ada", False), ("bob", True)]
    assert not (tmp_path / "out" / "ada" / "gradescope.json").exists()
    assert "ada: The disk is gone." in classes.summary(runs)
    assert grader.asked


def test_a_dead_cluster_ends_the_run_and_keeps_what_is_graded(grader: Grader, tmp_path: Path) -> None:
    """The next run of the same command grades the rest."""
    from kindlings.grading import trusted  # noqa: PLC0415 - its flag is the process's

    folder = hand_in(tmp_path / "class", ada="2", bob="-1", cid="1", dan="1", eva="1", fay="1")
    with pytest.raises(InfrastructureError, match="does not answer"):
        grade(folder, tmp_path / "out", replace(TASK, healthy=lambda: False))
    trusted._STOPPED.clear()
    before = set(grader.asked)
    hand_in(folder, bob="2")
    runs = grade(folder, tmp_path / "out")
    assert all(run.graded for run in runs)
    assert "ada" in before


def test_shards_are_the_class_and_merge_to_its_table(grader: Grader, tmp_path: Path) -> None:
    """Graded on three machines, each student once; of a student's two results the graded one counts."""
    folder = hand_in(tmp_path / "class", **{f"s{n}": str(n % 3) for n in range(7)})
    whole = grade(folder, tmp_path / "whole")
    grader.asked.clear()
    for part in ("1/3", "2/3", "3/3"):
        grade(folder, tmp_path / part[0], which=part)
    assert sorted(grader.asked) == sorted(run.student for run in whole)
    merged = classes.merge([tmp_path / part for part in "123"])
    assert [(run.student, run.score) for run in merged] == [(run.student, run.score) for run in whole]
    failed = replace(whole[0], trouble="gone", finished="2999-01-01T00:00:00+00:00")
    results.write(tmp_path / "4" / "s0" / "kindlings.json", results.to_json(failed))
    assert all(run.graded for run in classes.merge(tmp_path / part for part in "1234"))


@pytest.mark.parametrize("which", ["0/3", "4/3", "x", "1", "1/0", "-1/3"])
def test_a_shard_is_one_of_n(which: str) -> None:
    """Anything else is a mistake at the prompt."""
    with pytest.raises(UsageError, match="--shard"):
        classes.shard([], which)


def test_a_class_may_be_a_table(tmp_path: Path) -> None:
    """With paths that are relative to it, and names that become files' names."""
    hand_in(tmp_path / "class", one="1", two="2")
    listed = tmp_path / "class" / "list.csv"
    listed.write_text("name,path,commit\n../../ada,one,cafe\nbob,two,\n", encoding="utf-8")
    found = classes.students(listed)
    assert [(student.name, student.folder.name, student.commit) for student in found] == [
        ("ada", "one", "cafe"),
        ("bob", "two", ""),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("who,where\na,b\n", "name,path"),
        ("name,path\nada,one\nada,one\n", "more than once"),
        ("name,path\nada,nowhere\n", "There is no folder"),
        ("name,path\n", "holds no submission"),
    ],
)
def test_a_table_that_is_none_is_a_usage_error(tmp_path: Path, text: str, words: str) -> None:
    """In one sentence, before anything is graded."""
    hand_in(tmp_path, one="1")
    (tmp_path / "list.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as error:
        classes.students(tmp_path / "list.csv")
    assert words in str(error.value)


def test_links_among_submissions_are_not_followed(tmp_path: Path) -> None:
    """A student whose folder is a link to another's would hand in their work."""
    hand_in(tmp_path / "class", ada="2")
    (tmp_path / "class" / "eve").symlink_to("ada")
    (tmp_path / "class" / ".git").mkdir()
    assert [student.name for student in classes.students(tmp_path / "class")] == ["ada"]
