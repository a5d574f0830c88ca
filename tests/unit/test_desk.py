"""The learner's commands: where one stands, what comes next, what the course gives back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from kindlings.desk import standing
from kindlings.errors import ExitCode
from tests.unit import small_course

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.small_course import SmallCourse

Command = "Callable[..., tuple[int, str, str]]"


# Names at the prompt.


@pytest.mark.parametrize(
    ("name", "tests"),
    [
        ("module2", ["it_runs", "it_stays", "it_scales"]),
        ("module2/", ["it_runs", "it_stays", "it_scales"]),
        ("exercises/module2", ["it_runs", "it_stays", "it_scales"]),
        ("module2/one.yaml", ["it_runs", "it_stays"]),
        ("./exercises/module2/scale.sh", ["it_scales"]),
        ("module2/test_it_scales", ["it_scales"]),
        ("module2/it_scales", ["it_scales"]),
        ("exercises/module2/test_pods.py::test_it_scales", ["it_scales"]),
    ],
)
def test_a_lab_has_many_names(desk: SmallCourse, name: str, tests: list[str]) -> None:
    """A module, a file, a test, a path and pytest's own id are all understood."""
    found = standing.at(desk.place.path).choose(name)
    assert [(one.exercise.module, one.exercise.name) for one in found] == [
        ("module2", test) for test in tests
    ]


def test_inside_a_module_its_own_files_are_meant(desk: SmallCourse, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in two modules needs no module in front where one is in one of them."""
    monkeypatch.chdir(desk.module)
    (found,) = standing.at(desk.module).choose("scale.sh")
    assert found.exercise.module == "module1"


@pytest.mark.usefixtures("desk")
def test_a_name_in_two_modules_is_one_line(kindlings: Callable[..., tuple[int, str, str]]) -> None:
    """It says how to tell them apart; exit code 2."""
    code, _, err = kindlings("hint", "scale.sh")
    assert (code, err) == (
        ExitCode.USAGE,
        "kindlings: scale.sh is in 2 modules: say module1/scale.sh or module2/scale.sh.\n",
    )
    code, _, err = kindlings("reset", "README.md")
    assert code == ExitCode.USAGE
    assert "say module1/README.md or module2/README.md." in err


@pytest.mark.parametrize("command", ["hint", "solution", "reset", "list"])
def test_an_unknown_lab_is_named_with_what_is_close(
    desk: SmallCourse,
    kindlings: Callable[..., tuple[int, str, str]],
    command: str,
) -> None:
    """One line that says it is not there, one that says what may have been meant; exit code 2."""
    code, out, err = kindlings(command, "it_scalse")
    assert desk.place.path.exists()
    assert (code, out) == (ExitCode.USAGE, "")
    assert err.startswith("kindlings: There is no lab called it_scalse.\nDid you mean it_scales")
    assert "`kindlings list`" in kindlings(command, "xyzzy")[2]


@pytest.mark.parametrize("command", ["list", "next", "progress", "hint"])
def test_a_wrong_folder_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kindlings: Callable[..., tuple[int, str, str]],
    command: str,
) -> None:
    """Where there is no course, it says so and how to come by one; exit code 2."""
    monkeypatch.chdir(tmp_path)
    code, out, err = kindlings(command)
    assert (code, out) == (ExitCode.USAGE, "")
    assert err.splitlines()[0] == f"kindlings: There is no course in {tmp_path}, nor in a folder above it."
    assert "kindlings init DIR" in err


# What is shown.


def test_the_list_shows_each_test(desk: SmallCourse, kindlings: Callable[..., tuple[int, str, str]]) -> None:
    """A heading with the points of each module, a line for each test, the next one marked."""
    desk.note("test_it_runs")
    code, out, _ = kindlings("list")
    assert code == ExitCode.OK
    assert out.splitlines()[:4] == [
        "module1 · Pods: 1 of 4 points",
        "  done      1  it_runs    one.yaml",
        "> not run   1  it_stays   one.yaml",
        "  not run   2  it_scales  two.yaml scale.sh",
    ]
    assert "module1" not in kindlings("list", "module2")[1]


def test_progress_shows_points(desk: SmallCourse, kindlings: Callable[..., tuple[int, str, str]]) -> None:
    """A bar for each module, the sum, and the next lab; a bar is full only when all is done."""
    for test in ("test_it_runs", "test_it_stays"):
        desk.note(test)
    _, out, _ = kindlings("progress")
    first, second, total, following = out.splitlines()
    assert first == f"module1   Pods  {'#' * 12}{'.' * 12}    2 of   4"
    assert second == f"module2   Pods  {'.' * 24}    0 of   4"
    assert total.strip() == "2 of   8 points"
    assert following.startswith("next: module1 · With scale.sh there are two (")


def test_next_says_what_to_read_edit_and_run(
    desk: SmallCourse, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """It is the first test that is not done; of its files those that still have a TODO."""
    desk.note("test_it_runs")
    desk.note("test_it_stays")
    desk.note("test_it_scales", passed=False)
    (desk.module / "two.yaml").write_text(small_course.POD)
    (desk.module / "scale.sh").unlink()
    _, out, _ = kindlings("next")
    lines = {line[2:10].strip(): line[12:] for line in out.splitlines()[1:]}
    assert out.startswith("module1 · With scale.sh there are two (2 points)\n")
    assert lines["read"] == 'exercises/module1/README.md, "Two Pods"'
    assert lines["check"] == "pytest exercises/module1/test_pods.py::test_it_scales"
    assert lines["so far"] == "failed just now, and changed since"
    assert "exercises/module1/scale.sh (missing: `kindlings reset module1/scale.sh` brings it back)" in out


def test_next_says_when_all_is_done(
    desk: SmallCourse, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """With every test done it says so, with the points."""
    for exercises in (desk.place.exercises, desk.installed / "exercises"):
        (exercises / "module2" / "test_pods.py").unlink()
    for test in ("test_it_runs", "test_it_scales", "test_it_stays"):
        desk.note(test)
    assert kindlings("next")[1] == "All 3 labs are done: 4 points.\n"


def test_hints_are_those_of_what_is_not_done(
    desk: SmallCourse, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """Without a name it is the next test's; a test without a hint says where to look."""
    assert kindlings("hint")[1].splitlines()[1] == "  hint      Look at the name."
    desk.note("test_it_runs")
    out = kindlings("hint", "module1")[1]
    assert "Look at the name." not in out
    assert "Look at the number." in out
    assert "its lesson says what is asked for" in kindlings("hint", "module1/it_stays")[1]


# Solutions.


def test_a_solution_opens_when_its_labs_have_passed(
    desk: SmallCourse, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """Before, one line says how far it is and what else helps; afterwards the solved file is printed."""
    desk.note("test_it_runs")
    code, out, err = kindlings("solution", "module1/one.yaml")
    assert (code, out) == (ExitCode.FAILED, "")
    assert "of its 2 labs 1 passed so far" in err
    assert "kindlings solution module1/one.yaml --insist" in err
    assert kindlings("solution", "module1/it_runs")[0] == ExitCode.OK

    desk.note("test_it_stays")
    desk.note("test_it_stays", passed=False)
    code, out, err = kindlings("solution", "module1/one.yaml")
    assert (code, err) == (ExitCode.OK, "")
    assert out.startswith("# module1/one.yaml\n# Solved one.yaml.\n")


def test_a_file_that_helps_opens_with_the_first_lab_that_it_helped(
    desk: SmallCourse, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """two.yaml is never a test's last file, so one passed test has proved it."""
    assert kindlings("solution", "module1/two.yaml")[0] == ExitCode.FAILED
    desk.note("test_it_scales")
    assert "Solved two.yaml" in kindlings("solution", "module1/two.yaml")[1]


def test_insistence_opens_a_solution(
    desk: SmallCourse, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """--insist shows it, and says that the lab has not passed."""
    assert desk.place.path.exists()
    code, out, err = kindlings("solution", "module1/it_scales", "--insist")
    assert code == ExitCode.OK
    assert "kubectl scale deployment counter --replicas=2" in out
    assert err == "Shown before all of it has passed.\n"


# Reset.


def test_reset_brings_an_exercise_back_and_keeps_what_was_there(
    desk: SmallCourse, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """Each copy has a name of its own, which is said; a file that is as it came is left alone."""
    one = desk.module / "one.yaml"
    for number, mine in (1, "first"), (2, "second"):
        one.write_text(mine)
        code, out, _ = kindlings("reset", "module1/one.yaml")
        kept = f".kindlings/kept/module1/one.yaml.~{number}~"
        assert code == ExitCode.OK
        assert out == f"exercises/module1/one.yaml is as it came; what you had is in {kept}\n"
        assert (desk.place.path / kept).read_text() == mine
        assert one.read_text() == small_course.TODO + small_course.POD
    assert kindlings("reset", "module1/one.yaml")[1] == "exercises/module1/one.yaml is as it came.\n"


def test_reset_brings_back_what_was_deleted(
    desk: SmallCourse, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """A deleted manifest, test file or lesson comes back; of a lab, all of its files."""
    original = desk.installed / "exercises" / "module1"
    for file in ("two.yaml", "scale.sh", "test_pods.py", "README.md"):
        (desk.module / file).unlink()
        assert kindlings("reset", f"module1/{file}")[1] == f"exercises/module1/{file} is back.\n"
        assert (desk.module / file).read_bytes() == (original / file).read_bytes()
    (desk.module / "two.yaml").write_text("x")
    (desk.module / "scale.sh").write_text("x")
    assert len(kindlings("reset", "module1/it_scales")[1].splitlines()) == 2


def test_reset_mends_a_test_file_that_cannot_be_read(
    desk: SmallCourse, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """The advice that the list gives for a broken test file works."""
    (desk.module / "test_pods.py").write_text("def test_(:")
    code, _, err = kindlings("list")
    assert code == ExitCode.USAGE
    assert "`kindlings reset module1/test_pods.py`" in err
    assert kindlings("reset", "module1/test_pods.py")[0] == ExitCode.OK
    assert kindlings("list")[0] == ExitCode.OK


def test_reset_follows_no_link(
    desk: SmallCourse, tmp_path: Path, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """A link in a file's place is put aside as a link; where it leads to is not touched."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    one = desk.module / "one.yaml"
    one.unlink()
    one.symlink_to(elsewhere)
    assert kindlings("reset", "module1/one.yaml")[0] == ExitCode.OK
    assert elsewhere.read_text() == "mine"
    assert not one.is_symlink()
    assert (desk.place.state / "kept" / "module1" / "one.yaml.~1~").is_symlink()


def test_reset_leaves_a_learners_own_file(
    desk: SmallCourse, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """A file that the course does not have is no lab."""
    (desk.module / "mine.yaml").write_text("mine")
    code, _, err = kindlings("reset", "exercises/module1/mine.yaml")
    assert code == ExitCode.USAGE
    assert "There is no lab called" in err
    assert (desk.module / "mine.yaml").read_text() == "mine"


def test_reset_that_cannot_write_leaves_what_was_there(
    desk: SmallCourse, kindlings: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk the learner's file is where it was, and one line says what is the matter."""
    one = desk.module / "one.yaml"
    one.write_text("mine")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, _, err = kindlings("reset", "module1/one.yaml")
    assert code == ExitCode.INFRASTRUCTURE
    assert "No space left on device" in err
    assert one.read_text() == "mine"
