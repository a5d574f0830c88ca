"""Where a lab stands, told by a journal that survives everything."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from kindlings.desk import standing
from kindlings.desk.journal import Journal, Status, Verdict
from kindlings.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.small_course import SmallCourse

Command = "Callable[..., tuple[int, str, str]]"


def statuses(course: SmallCourse) -> list[Status]:
    """Return where module1's tests stand."""
    return [one.status for one in standing.at(course.place.path).standings][:3]


# Where a lab stands.


def test_done_is_what_passed_as_it_is_now(desk: SmallCourse) -> None:
    """A change of a file that a test took undoes it, and it is done again when the file is as it was."""
    assert statuses(desk) == [Status.NOT_RUN] * 3
    desk.note("test_it_runs")
    desk.note("test_it_scales", passed=False)
    assert statuses(desk) == [Status.DONE, Status.NOT_RUN, Status.FAILED]

    one = desk.module / "one.yaml"
    was = one.read_text()
    one.write_text(was + "#\n")
    assert statuses(desk) == [Status.CHANGED, Status.NOT_RUN, Status.FAILED]
    one.write_text(was)
    assert statuses(desk)[0] is Status.DONE
    one.unlink()
    assert statuses(desk)[0] is Status.CHANGED


def test_the_other_files_of_a_module_do_not_matter(desk: SmallCourse) -> None:
    """two.yaml is no part of what one.yaml's test has seen."""
    desk.note("test_it_runs")
    (desk.module / "two.yaml").write_text("changed")
    assert statuses(desk)[0] is Status.DONE


def test_a_verdict_on_another_test_counts_no_longer(desk: SmallCourse) -> None:
    """A new version of the course may ask for more by the same name."""
    desk.note("test_it_runs")
    path = desk.module / "test_pods.py"
    path.write_text(path.read_text().replace("lab.apply(FILE)", "lab.apply(FILE).pod('counter')"))
    assert statuses(desk)[0] is Status.CHANGED


def test_an_edited_test_file_gives_no_points(
    desk: SmallCourse, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """Its labs are not done, and a line says so and how to have it back."""
    path = desk.module / "test_pods.py"
    path.write_text(path.read_text() + "\n# mine\n")
    desk.note("test_it_runs")
    assert statuses(desk)[0] is Status.CHANGED
    code, out, _ = kindlings("progress")
    assert code == ExitCode.OK
    assert "exercises/module1/test_pods.py is not the course's any more" in out
    assert "`kindlings reset module1/test_pods.py`" in out
    assert kindlings("reset", "module1/test_pods.py")[0] == ExitCode.OK
    assert statuses(desk)[0] is Status.DONE


def test_a_deleted_test_file_is_missed(
    desk: SmallCourse, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """A line says that its labs have gone with it, and how to have them back."""
    (desk.module / "test_pods.py").unlink()
    said = kindlings("progress")[1]
    assert "module1   Pods" not in said
    assert (
        "exercises/module1/test_pods.py is missing, and with it its labs: "
        "`kindlings reset module1/test_pods.py` brings it back.\n"
    ) in said
    (desk.place.exercises / "module2" / "test_pods.py").unlink()
    desk.place.state.mkdir(exist_ok=True)
    (desk.place.state / "course.json").write_text("{}")
    said = kindlings("progress")[1]
    assert "2 test files are missing, and with them their labs, the first of them exercises/module1/" in said
    assert "`kindlings init --upgrade` brings them back" in said


def test_solved_is_not_forgotten(desk: SmallCourse) -> None:
    """What has passed once stays solved, though it has failed since."""
    desk.note("test_it_runs")
    desk.note("test_it_runs", passed=False)
    (first, *_) = standing.at(desk.place.path).standings
    assert (first.status, first.solved) == (Status.FAILED, True)


# The journal survives everything.


@pytest.mark.parametrize(
    "held",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"format": 1}',
        b'{"format": 1, "labs": {"a": 1, "b": {"outcome": "passed"}}}',
    ],
)
def test_a_journal_that_is_none_counts_as_empty(desk: SmallCourse, held: bytes) -> None:
    """Whatever the file holds, the commands go on, and the next verdict is noted."""
    journal = Journal(desk.place)
    journal.path.parent.mkdir()
    journal.path.write_bytes(held)
    assert journal.read() == {}
    desk.note("test_it_runs")
    assert list(journal.read()) == ["module1/test_pods.py::test_it_runs"]


def test_what_was_no_journal_is_put_aside(desk: SmallCourse) -> None:
    """A file that cannot be read is kept under another name and not written over."""
    journal = Journal(desk.place)
    journal.path.parent.mkdir()
    journal.path.write_text("half a fi")
    desk.note("test_it_runs")
    assert journal.path.with_suffix(".broken").read_text() == "half a fi"


def test_a_later_versions_journal_is_not_touched(
    desk: SmallCourse, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """One line says which version it takes; the file stays as it is."""
    journal = Journal(desk.place)
    journal.path.parent.mkdir()
    journal.path.write_text('{"format": 2, "labs": {}}')
    code, _, err = kindlings("list")
    assert code == ExitCode.USAGE
    assert "was written by a later version" in err
    with pytest.raises(UsageError):
        desk.note("test_it_runs")
    assert journal.path.read_text() == '{"format": 2, "labs": {}}'


def test_an_interrupted_write_leaves_the_old_journal(
    desk: SmallCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk the old verdicts stay, and no half-written file does."""
    desk.note("test_it_runs")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        desk.note("test_it_stays")
    assert list(Journal(desk.place).read()) == ["module1/test_pods.py::test_it_runs"]
    assert [path.name for path in desk.place.state.iterdir() if path.name.startswith(".prog")] == []


def test_git_leaves_the_state_alone(desk: SmallCourse) -> None:
    """The state folder brings its own .gitignore, wherever the course folder came from."""
    desk.note("test_it_runs")
    assert (desk.place.state / ".gitignore").read_text().startswith("*\n")


def test_the_form_of_the_journal(desk: SmallCourse) -> None:
    """Format 1: by the test's key its outcome, its time, digests, and whether it was ever solved."""
    desk.note("test_it_scales")
    raw = json.loads(Journal(desk.place).path.read_text())
    entry = raw["labs"]["module1/test_pods.py::test_it_scales"]
    assert raw["format"] == 1
    assert sorted(entry) == ["at", "files", "outcome", "solved", "test"]
    assert sorted(entry["files"]) == ["scale.sh", "two.yaml"]
    assert Verdict.of(entry) == Journal(desk.place).read()["module1/test_pods.py::test_it_scales"]
