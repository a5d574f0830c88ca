"""Grading one submission: real runs of pytest over a small course, and submissions that try to steer them."""

from __future__ import annotations

import errno
import io
import os
import shutil
import socket
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from kindlings import results
from kindlings.console import PlainProgress
from kindlings.errors import InfrastructureError, UsageError
from kindlings.files import MAX_BYTES
from kindlings.grading import classes, one, report, submission, trusted
from kindlings.grading.trusted import Limits, Target
from kindlings.results import Outcome, Results, TestResult
from tests.unit.installed import ALL, FILES, LESSON, ended, hand_in, install

if TYPE_CHECKING:
    from kindlings.grading.one import Assignment


pytestmark = pytest.mark.usefixtures("own_state")
GOOD = ("good", "good", "good")


def test_what_is_good_gets_all_points(task: Assignment, tmp_path: Path) -> None:
    """And the results say whose they are, of which files, by which versions."""
    run = one.grade(hand_in(tmp_path / "ada", *GOOD), task, commit="cafe")
    assert ended(run) == ALL
    assert (run.graded, run.score, run.max_score, run.student) == (True, 7, 7, "ada")
    assert (run.commit, len(run.content), bool(run.finished)) == ("cafe", 64, True)
    assert "7 of 7 points" in report.text(run)


def test_who_is_graded_is_told_what_they_can_look_at(task: Assignment, tmp_path: Path) -> None:
    """The namespace was elsewhere and is gone; the test can be run, and a field explained, anywhere."""
    run = one.grade(hand_in(tmp_path / "ada", "seen", "known", "good"), task)
    assert results.part(run.tests[0].message, "look") == "pytest exercises/module1 -k test_first"
    assert results.part(run.tests[1].message, "look") == "kindlings kubectl explain pod"


def test_points_are_given_by_test(task: Assignment, tmp_path: Path) -> None:
    """A failed test costs its own points, and a file that is missing is the learner's failure."""
    run = one.grade(hand_in(tmp_path / "ada", "bad", "good"), task)
    assert ended(run) == [("failed", 0), ("passed", 2), ("failed", 0)]
    assert "no such file in module1" in run.tests[2].message
    assert run.graded


@pytest.mark.parametrize("layout", ["exercises/module1", "module1", "."])
def test_a_modules_files_are_found_where_learners_have_them(
    task: Assignment, tmp_path: Path, layout: str
) -> None:
    """In a repository like ours, in a folder of modules, and in a folder of its own."""
    folder = tmp_path / "ada" / layout
    folder.mkdir(parents=True)
    for name in FILES:
        (folder / name).write_text("good")
    assert ended(one.grade(tmp_path / "ada", task)) == ALL


# What a submission may hold besides.

STEERS = """
import sys
raise SystemExit("the submission's code was run")
"""
PASSES = """
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    report.outcome = "passed"
    return report
"""


def test_nothing_of_a_submission_is_run(
    task: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests, conftest, plugins, configuration and start-up files of it are left lying where they are."""
    folder = hand_in(tmp_path / "eve", "bad", "bad", "bad")
    for place in (folder, folder / "exercises", folder / "exercises" / "module1"):
        for name in ("conftest.py", "sitecustomize.py", "usercustomize.py", "pytest.py", "yaml.py"):
            (place / name).write_text(PASSES if name == "conftest.py" else STEERS)
        (place / "pytest.ini").write_text("[pytest]\naddopts = --collect-only -p pytest\n")
        (place / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '-k nothing'\n")
        (place / "test_words.py").write_text("def test_first(): pass\n")
        (place / "kindlings").mkdir()
        (place / "kindlings" / "__init__.py").write_text(STEERS)
        (place / "results.json").write_text('{"graded": true, "score": 7}')
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setenv("PYTHONSTARTUP", str(folder / "sitecustomize.py"))
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing")
    monkeypatch.setenv("PYTEST_PLUGINS", "conftest")
    run = one.grade(folder, task)
    assert ended(run) == [("failed", 0), ("failed", 0), ("not-attempted", 0)]
    assert run.graded


def test_a_run_knows_nothing_of_this_process(
    task: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its environment is the list in trusted.py, and its folder an empty one that is gone afterwards."""
    monkeypatch.setenv("A_SECRET", "x")
    monkeypatch.setenv("A_TOKEN", "x")
    known = replace(task, target=Target(passed_on=("A_TOKEN",)))
    message = one.grade(hand_in(tmp_path / "eve", "show"), known).tests[0].message
    assert "A_SECRET" not in message
    assert "PYTEST_DISABLE_PLUGIN_AUTOLOAD" in message
    assert "A_TOKEN" in message
    assert "kindlings-grade-" in message
    assert str(tmp_path / "eve") not in message


@pytest.mark.parametrize("kind", ["link", "folder link", "pipe", "socket", "folder", "dangling"])
def test_only_plain_files_are_taken(
    task: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """What is none is told to the learner, not followed, not waited for, and not read."""
    secret = hand_in(tmp_path / "secret", *GOOD)
    folder = hand_in(tmp_path / "eve", *GOOD)
    path = folder / "exercises" / "module1" / "first.yaml"
    path.unlink()
    if kind == "link":
        path.symlink_to(secret / "exercises" / "module1" / "first.yaml")
    elif kind == "dangling":
        path.symlink_to("nowhere")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        monkeypatch.chdir(path.parent)  # a socket's path has 107 characters at most
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
    elif kind == "folder":
        path.mkdir()
    else:
        (folder / "exercises").rename(folder / "elsewhere")
        (folder / "exercises").symlink_to(secret / "exercises")
    handed_in = submission.read(folder, task.modules)
    assert "module1/first.yaml" not in handed_in.files
    assert len(handed_in.notes) == 1
    missing = replace(task.tests[0], outcome=Outcome.FAILED, message="no such file: first.yaml")
    assert "\n  note      " in one._annotated(missing, handed_in).message


def test_what_was_not_taken_is_told_to_its_learner(task: Assignment, tmp_path: Path) -> None:
    """In the message of the lab that misses it, and in the notes of the run."""
    folder = hand_in(tmp_path / "eve", *GOOD)
    path = folder / "exercises" / "module1" / "first.yaml"
    path.unlink()
    path.symlink_to("/etc/passwd")
    run = one.grade(folder, task)
    assert ended(run) == [("failed", 0), *ALL[1:]]
    assert run.notes == ("module1/first.yaml was not taken: it is a link, and links are not followed.",)
    assert "first.yaml is a link, and links are not followed" in run.tests[0].message


def test_no_more_is_read_than_a_lab_takes(task: Assignment, tmp_path: Path) -> None:
    """Of a file of 10 GiB, which costs its learner nothing to make, 128 KiB are read; the lab says why."""
    folder = hand_in(tmp_path / "eve", *GOOD)
    with (folder / "exercises" / "module1" / "first.yaml").open("wb") as stream:
        stream.truncate(10 * 1024**3)
    handed_in = submission.read(folder, ["module1"])
    assert len(handed_in.files["module1/first.yaml"]) == MAX_BYTES + 1
    run = one.grade(folder, task)
    assert ended(run) == [("failed", 0), *ALL[1:]]
    assert "more than 128 KiB" in run.tests[0].message


def test_the_modules_are_the_instructors_to_choose(task: Assignment, tmp_path: Path) -> None:
    """A submission without a module's folder is graded by all of its tests, and gets nothing."""
    (tmp_path / "eve").mkdir()
    run = one.grade(tmp_path / "eve", task)
    assert (run.score, run.max_score) == (0, 7)
    with pytest.raises(UsageError, match="There is no module9"):
        one.assignment(["module9"], Target(), Limits())
    with pytest.raises(UsageError, match="is no folder"):
        one.grade(tmp_path / "nobody", task)


# Our troubles.


def test_what_the_cluster_breaks_is_no_zero(task: Assignment, tmp_path: Path) -> None:
    """The others are judged, the run is not graded, and a required test that was not judged bars none."""
    run = one.grade(hand_in(tmp_path / "ada", "good", "broken", "good"), task)
    assert ended(run) == [("passed", 1), ("error", 0), ("passed", 4)]
    assert not run.graded
    why = "module1/words/test_second was not judged: The API server is gone"
    assert f"NOT GRADED: {why}" in report.text(run)


def test_a_run_that_is_killed_is_taken_up_again(task: Assignment, tmp_path: Path) -> None:
    """Behind the test that it died in, which is an error that says how it died."""
    run = one.grade(hand_in(tmp_path / "ada", "die", "good", "good"), task)
    assert ended(run) == [("error", 0), *ALL[1:]]
    assert run.tests[0].message == "The run was ended by SIGKILL."
    assert not run.graded


def full(*_: object) -> None:
    """Stand for a file that is written to a full disk."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_disk_that_is_full_is_told_and_is_nobodys_zero(
    task: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no submission can be copied, one ends with a sentence, and those of a class are not graded."""
    monkeypatch.setattr(submission.Submission, "copy_to", full)
    ada = hand_in(tmp_path / "class" / "ada", *GOOD)
    with pytest.raises(InfrastructureError, match="No space left on device"):
        one.grade(ada, task)
    progress, out = PlainProgress(io.StringIO()), tmp_path / "out"
    (run,) = classes.grade([classes.Student("ada", ada)], task, out, 1, ["gradescope"], progress)
    assert not run.graded
    assert "No space left on device" in run.reason
    assert [path.name for path in (out / "ada").iterdir()] == ["kindlings.json"]


@pytest.mark.parametrize(
    ("free", "why"), [(1, "There is no room"), (0, "no space left on")], ids=["said", "not even said"]
)
def test_a_run_that_can_keep_no_results_says_why(
    task: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, why: str
) -> None:
    """What it has kept stays; where the disk took not even its last words, the disk is asked."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    run = one.grade(hand_in(tmp_path / "ada", "good", "full", "good"), task)
    assert ended(run)[0] == ("passed", 1)
    assert not run.graded
    assert "module1/words/test_second was not judged: The run could not keep its results: " in run.reason
    assert why in run.reason


def test_results_that_cannot_be_kept_end_the_class_and_lose_none(
    task: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk of --out is full, who was graded before stays so, and the next run grades the rest."""
    given = [classes.Student(name, hand_in(tmp_path / "class" / name, *GOOD)) for name in ("ada", "bob")]
    progress, out = PlainProgress(io.StringIO()), tmp_path / "out"
    (first,) = classes.grade(given[:1], task, out, 1, [], progress)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(InfrastructureError, match="No space left on device"):
            classes.grade(given, task, out, 1, [], progress)
    trusted._STOPPED.clear()
    assert list((out / "bob").iterdir()) == []
    again = classes.grade(given, task, out, 1, [], progress)
    assert again[0] == first
    assert [run.score for run in again] == [7, 7]


LEAVES = LESSON + "\n\ndef test_leaves():\n    os._exit(0)\n"


def test_a_run_that_leaves_tests_out_is_not_graded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test that the lessons have must end with an outcome, whatever exit code the run had."""
    install(tmp_path, monkeypatch, LEAVES)
    task = one.assignment([], Target(), Limits())
    run = one.grade(hand_in(tmp_path / "ada", *GOOD), task)
    assert ended(run)[:3] == ALL
    assert not run.graded


def test_a_test_that_was_expected_and_never_told_of_is_not_graded(task: Assignment, tmp_path: Path) -> None:
    """What is expected does not come from the run itself."""
    more = replace(task.tests[0], name="test_fourth", max_points=8)
    run = one.grade(hand_in(tmp_path / "ada", *GOOD), replace(task, tests=(*task.tests, more)))
    assert not run.graded
    assert run.max_score == 15


def test_lessons_that_cannot_be_collected_are_our_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one sentence, before anything is graded."""
    install(tmp_path, monkeypatch, "import nothing_of_the_kind")
    with pytest.raises(InfrastructureError, match="cannot be collected"):
        one.assignment([], Target(), Limits())


# Files.


def test_each_format_has_a_file_in_a_folder(tmp_path: Path) -> None:
    """Or one format the very file that was named, or standard output."""
    assert report.destinations(["json"], tmp_path / "x.json") == {"json": tmp_path / "x.json"}
    assert report.destinations(["json"], None) == {"json": None}
    both = report.destinations(["gradescope", "prairielearn"], tmp_path / "new")
    assert both == {
        "gradescope": tmp_path / "new" / "gradescope.json",
        "prairielearn": tmp_path / "new" / "prairielearn.json",
    }
    with pytest.raises(UsageError, match="need a folder"):
        report.destinations(["json", "csv"], None)


def test_a_run_that_is_not_graded_leaves_no_older_score_in_its_place(tmp_path: Path) -> None:
    """Where a format has no form for it, the file that was there goes."""
    path = tmp_path / "results.json"
    first = TestResult("module1", "words", "test_first", "The first.", 1, 1, Outcome.PASSED)
    good = Results("r", "s", tests=(first,))
    report.write(good, {"gradescope": path})
    assert path.exists()
    report.write(replace(good, trouble="The cluster was deleted"), {"gradescope": path})
    assert not path.exists()


def test_the_same_files_have_the_same_content(task: Assignment, tmp_path: Path) -> None:
    """And other files, other versions or other modules have another."""
    handed_in = submission.read(hand_in(tmp_path / "ada", *GOOD), ["module1"])
    again = submission.read(hand_in(tmp_path / "bob", *GOOD), ["module1"])
    other = submission.read(hand_in(tmp_path / "eve", "good", "good", "goo"), ["module1"])
    assert task.content(handed_in) == task.content(again)
    assert task.content(handed_in) != task.content(other)
    assert task.content(handed_in) != replace(task, versions={"kindlings": "9"}).content(handed_in)
