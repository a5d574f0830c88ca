"""A course folder is made from the installed package, and a later version comes into it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kindlings import course
from kindlings.desk import making, showing, standing
from kindlings.errors import ExitCode
from tests.unit import small_course

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.small_course import SmallCourse


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallCourse:
    """Give what is installed; one is in a folder above the learner's."""
    made = small_course.make(tmp_path, monkeypatch)
    monkeypatch.chdir(tmp_path)
    return made


@pytest.fixture
def folder(desk: SmallCourse, tmp_path: Path) -> Path:
    """Give a folder that was made of version 0.0.1."""
    assert desk.installed.is_dir()
    made = making.make(tmp_path / "course").path
    record = made / ".kindlings" / "course.json"
    record.write_text(record.read_text().replace(making.version(), "0.0.1"))
    return made


def held(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder, by its path in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Making one.


def test_init_makes_a_course_folder(
    desk: SmallCourse, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """It has the exercises, a README, pytest's settings and a .gitignore, and no solution."""
    (desk.installed / "exercises" / "module1" / "__pycache__").mkdir()
    (desk.installed / "exercises" / "module1" / "__pycache__" / "test_pods.pyc").write_bytes(b"x")
    (desk.installed / "exercises" / ".pytest_cache").mkdir()
    code, out, _ = kindlings("init", "course")
    assert code == ExitCode.OK
    assert out == "course has the course: 2 modules, 6 labs.\nnext: cd course, then `kindlings next`\n"
    names = set(held(Path("course")))
    lessons = {"README.md", "one.yaml", "scale.sh", "test_pods.py", "two.yaml"}
    own = {"README.md", "pytest.ini", ".gitignore", ".kindlings/.gitignore", ".kindlings/course.json"}
    assert names == own | {f"exercises/module{n}/{name}" for n in (1, 2) for name in lessons}
    assert not any(b"Solved" in data for data in held(Path("course")).values())


def test_the_real_course_can_be_run_by_pytest_there(
    tmp_path: Path, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """In a fresh folder of the course itself, `pytest exercises/module2` finds that module's tests."""
    folder = tmp_path / "real"
    assert kindlings("init", str(folder))[0] == ExitCode.OK
    command = [sys.executable, "-m", "pytest", "exercises/module2", "--collect-only"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    assert "test_a_deleted_pod_is_replaced" in run.stdout
    assert "configfile: pytest.ini" in run.stdout


@pytest.mark.parametrize("there", [(), (".git",)], ids=["empty", "a fresh clone"])
def test_a_folder_without_files_may_be_used(
    desk: SmallCourse,
    monkeypatch: pytest.MonkeyPatch,
    kindlings: Callable[..., tuple[int, str, str]],
    there: tuple[str, ...],
) -> None:
    """An empty folder, also the one in which one is, or one that only git has been in."""
    assert desk.installed.is_dir()
    Path("here").mkdir()
    for name in there:
        (Path("here") / name).mkdir()
    monkeypatch.chdir("here")
    code, out, _ = kindlings("init", ".")
    assert (code, out.splitlines()[1]) == (ExitCode.OK, "next: `kindlings next`")
    assert len(standing.at(Path.cwd()).standings) == 6


def test_a_folder_with_something_in_it_is_refused(
    desk: SmallCourse, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """One line says why, and nothing is changed; exit code 2."""
    Path("full").mkdir()
    Path("full/notes.txt").write_text("mine")
    Path("file").write_text("mine")
    before = held(Path())
    for name, why in (
        ("full", "full is not empty."),
        ("file", "file is a file."),
        (str(desk.place.path), f"{desk.place.path} has a course already."),
    ):
        code, out, err = kindlings("init", name)
        assert (code, out) == (ExitCode.USAGE, "")
        assert err.startswith(f"kindlings: {why}\n")
    assert kindlings("init")[0] == ExitCode.USAGE
    assert held(Path()) == before


def test_a_full_disk_leaves_nothing(
    desk: SmallCourse, kindlings: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it cannot be written to its end, no half of a course stays, and one line says why."""
    assert desk.installed.is_dir()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, _, err = kindlings("init", "course")
    assert code == ExitCode.INFRASTRUCTURE
    assert "No space left on device" in err
    assert not Path("course").exists()


# A later version.


def install(desk: SmallCourse, file: str, text: str | None) -> None:
    """Change what is installed: one file of module1; None removes it."""
    path = desk.installed / "exercises" / "module1" / file
    if text is None:
        path.unlink()
    else:
        path.write_text(text)


def test_an_upgrade_changes_what_was_not_edited(
    desk: SmallCourse, folder: Path, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """Untouched files are updated, new ones come, and go with the course; each is reported."""
    install(desk, "one.yaml", "# TODO: another\n")
    install(desk, "three.yaml", "# TODO: new\n")
    install(desk, "scale.sh", None)
    code, out, _ = kindlings("init", "--upgrade", str(folder))
    assert code == ExitCode.OK
    assert out.splitlines() == [
        "exercises/module1/one.yaml: updated",
        "exercises/module1/three.yaml: new",
        "exercises/module1/scale.sh: removed",
        f"This folder is of kindlings {making.version()} (it was 0.0.1): 3 files changed.",
    ]
    module = folder / "exercises" / "module1"
    assert (module / "one.yaml").read_text() == "# TODO: another\n"
    assert not (module / "scale.sh").exists()
    assert kindlings("init", "--upgrade", str(folder))[1].endswith(": nothing changed.\n")


def test_an_upgrade_leaves_what_was_edited(
    desk: SmallCourse, folder: Path, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """The learner's stays; where the course has changed a file, too, what is new lies beside it."""
    module = folder / "exercises" / "module1"
    for file in ("one.yaml", "two.yaml", "scale.sh"):
        (module / file).write_text("mine")
    install(desk, "one.yaml", "# TODO: another\n")
    install(desk, "scale.sh", None)
    out = kindlings("init", "--upgrade", str(folder))[1].splitlines()
    assert "exercises/module1/two.yaml: kept, as you edited it" in out
    assert "exercises/module1/one.yaml: kept, as you edited it; what is new is in one.yaml.new" in out
    assert [(module / file).read_text() for file in ("one.yaml", "two.yaml", "scale.sh")] == ["mine"] * 3
    assert (module / "one.yaml.new").read_text() == "# TODO: another\n"
    assert [path.name for path in module.glob("*.new")] == ["one.yaml.new"]
    # The next version finds the file still edited, and has nothing new to say of it.
    assert "one.yaml: kept, as you edited it\n" in kindlings("init", "--upgrade", str(folder))[1]


def test_an_upgrade_keeps_an_older_new_file(desk: SmallCourse, folder: Path) -> None:
    """FILE.new may have been worked on since: it is put aside, and not written over."""
    module = folder / "exercises" / "module1"
    (module / "one.yaml").write_text("mine")
    (module / "one.yaml.new").write_text("half merged")
    install(desk, "one.yaml", "# TODO: another\n")
    making.upgrade(standing.at(folder).place)
    assert (folder / ".kindlings" / "kept" / "module1" / "one.yaml.new.~1~").read_text() == "half merged"


def test_an_upgrade_brings_back_what_is_missing(desk: SmallCourse, folder: Path) -> None:
    """A deleted file comes back."""
    assert desk.installed.is_dir()
    (folder / "exercises" / "module2" / "test_pods.py").unlink()
    changes = making.upgrade(standing.at(folder).place)
    assert (changes.back, changes.new) == (["exercises/module2/test_pods.py"], [])
    assert "exercises/module2/test_pods.py: back, as it was missing" in list(showing.changes(changes))


def test_a_folder_that_remembers_nothing_loses_nothing(desk: SmallCourse, folder: Path) -> None:
    """Without a record every file that differs counts as edited."""
    (folder / ".kindlings" / "course.json").unlink()
    (folder / "exercises" / "module1" / "two.yaml").write_text("mine")
    install(desk, "one.yaml", "# TODO: another\n")
    done = making.upgrade(standing.at(folder).place)
    assert done.beside == ["exercises/module1/one.yaml", "exercises/module1/two.yaml"]
    assert (folder / "exercises" / "module1" / "two.yaml").read_text() == "mine"


def test_a_record_cannot_reach_out_of_the_folder(desk: SmallCourse, folder: Path, tmp_path: Path) -> None:
    """A path in the record that leads elsewhere is not followed."""
    assert desk.installed.is_dir()
    victim = tmp_path / "victim"
    victim.write_text("x")
    record = folder / ".kindlings" / "course.json"
    line = '"exercises/../../victim": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",'
    record.write_text(record.read_text().replace('"files": {', f'"files": {{ {line}'))
    assert making.upgrade(standing.at(folder).place).removed == []
    assert victim.exists()


def test_an_old_folder_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """The learner's commands end with one line that says how to bring it up."""
    monkeypatch.chdir(folder)
    installed = f"{making.version()} is installed"
    line = f"This folder is of kindlings 0.0.1, and {installed}: run `kindlings init --upgrade`."
    for command in ("list", "next", "progress"):
        assert kindlings(command)[1].count(line) == 1


def test_an_old_folders_tests_are_not_called_edited(
    desk: SmallCourse,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    kindlings: Callable[..., tuple[int, str, str]],
) -> None:
    """What came with an earlier version is as it came; what was edited since is not, and has a line."""
    test = folder / "exercises" / "module1" / "test_pods.py"
    install(desk, "test_pods.py", test.read_text() + "\n# another\n")
    monkeypatch.chdir(folder)
    assert "not the course's" not in kindlings("progress")[1]
    test.write_text(test.read_text() + "\n# mine\n")
    assert kindlings("progress")[1].count("exercises/module1/test_pods.py is not the course's any more") == 1


def test_reset_takes_the_new_file_along(
    desk: SmallCourse,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    kindlings: Callable[..., tuple[int, str, str]],
) -> None:
    """Once FILE is what FILE.new is, there is one of them; a FILE.new that was worked on stays."""
    module = folder / "exercises" / "module1"
    for file in ("one.yaml", "two.yaml"):
        (module / file).write_text("mine")
        install(desk, file, "# TODO: another\n")
    making.upgrade(standing.at(folder).place)
    (module / "two.yaml.new").write_text("half merged")
    monkeypatch.chdir(folder)
    for file in ("one.yaml", "two.yaml"):
        assert kindlings("reset", f"module1/{file}")[0] == ExitCode.OK
    assert [path.name for path in module.glob("*.new")] == ["two.yaml.new"]


def test_a_later_versions_folder_is_not_touched(
    folder: Path, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """An older package does not bring an older course: one line says which package it takes."""
    record = folder / ".kindlings" / "course.json"
    record.write_text(record.read_text().replace("0.0.1", "99.0.0"))
    (folder / "exercises" / "module1" / "one.yaml").unlink()
    before = held(folder)
    code, _, err = kindlings("init", "--upgrade", str(folder))
    assert code == ExitCode.USAGE
    assert "is of kindlings 99.0.0" in err
    assert held(folder) == before


def test_the_courses_own_repository_is_no_copy(
    desk: SmallCourse, monkeypatch: pytest.MonkeyPatch, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """An upgrade there is git's."""
    monkeypatch.setattr(course, "root", lambda: desk.place.path)
    code, _, err = kindlings("init", "--upgrade", str(desk.place.path))
    assert code == ExitCode.USAGE
    assert "git pull" in err


def test_start_without_a_course_says_how_to_have_one(
    desk: SmallCourse, tmp_path: Path, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """From an installed package, `kindlings start` checks no files inside the package."""
    assert desk.installed.parent == tmp_path
    code, _, err = kindlings("start")
    assert code == ExitCode.USAGE
    assert "kindlings init DIR" in err
