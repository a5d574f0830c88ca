"""What the course asks, read from its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kindlings import course, lesson
from kindlings.desk import syllabus
from kindlings.errors import UsageError
from kindlings.session import SHARED
from tests.unit import small_course

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.desk.syllabus import Exercise


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """Give the folder of a small course's module."""
    small_course.write(tmp_path)
    return tmp_path / "exercises" / "module1"


def read(folder: Path, source: str) -> Exercise:
    """Return the one test of `source`."""
    path = folder / "test_one.py"
    path.write_text(source)
    (exercise,) = syllabus.read(path)
    return exercise


def test_a_test_is_read_without_being_run(module: Path) -> None:
    """Title, points, hint and files come from the text, also by way of constants and helpers."""
    runs, scales, stays = syllabus.read(module / "test_pods.py")
    assert (runs.title, runs.points, runs.hint) == ("Applying one.yaml gives a Pod.", 1, "Look at the name.")
    assert runs.files == ("one.yaml",)
    assert (scales.points, scales.files) == (2, ("two.yaml", "scale.sh"))
    assert stays.files == ("one.yaml",)
    assert runs.key == "module1/test_pods.py::test_it_runs"


def test_a_prediction_has_a_file_of_its_own(tmp_path: Path) -> None:
    """lab.prediction() without a name reads predictions.yaml; a fixture's files are the test's, too."""
    source = (
        "import pytest\n@pytest.fixture\ndef ready(lab):\n    lab.apply('a.yaml')\n"
        "def test_it(lab, ready):\n    lab.prediction().confirm('x', None)\n"
    )
    assert set(read(tmp_path, source).files) == {"predictions.yaml", "a.yaml"}


def test_helpers_that_call_each_other_come_to_an_end(tmp_path: Path) -> None:
    """A circle of helpers is walked once."""
    circle = "def a(lab):\n    b(lab)\ndef b(lab):\n    a(lab)\n    lab.run('x.sh')\n"
    source = f"{circle}def test_it(lab):\n    a(lab)\n"
    assert read(tmp_path, source).files == ("x.sh",)


def test_what_is_no_literal_is_left_out(tmp_path: Path) -> None:
    """A marker or a file name that is computed does not break the list."""
    marks = "import pytest\n@pytest.mark.points(1 + one())\n@pytest.mark.hint\n"
    source = f"{marks}def test_it(lab):\n    lab.apply(f())\n"
    exercise = read(tmp_path, source)
    assert (exercise.points, exercise.hint, exercise.files, exercise.title) == (0, "", (), "test_it")


def test_the_definition_is_the_tests_own_lines(module: Path) -> None:
    """Another assertion is another definition; a change elsewhere in the file is none."""
    path = module / "test_pods.py"
    before = [one.definition for one in syllabus.read(path)]
    path.write_text("# A remark.\n" + path.read_text().replace("two.yaml", "three.yaml"))
    after = [one.definition for one in syllabus.read(path)]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True]


@pytest.mark.parametrize(
    "text", [b"def test_it(:\n", b"\xff\xfe", b"x = '\0'\n"], ids=["syntax", "bytes", "nul"]
)
def test_a_broken_test_file_is_one_line(module: Path, text: bytes) -> None:
    """What is no Python any more is said, with the way to have it back."""
    (module / "test_pods.py").write_bytes(text)
    with pytest.raises(UsageError, match=r"test_pods\.py cannot be read.*") as caught:
        syllabus.modules(module.parent)
    assert "kindlings reset module1/test_pods.py" in caught.value.advice


def test_modules_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """module10 comes after module9, and a folder without tests is none."""
    for name in ("module10", "module9", "modules"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "test_x.py").write_text("def test_x(): pass\n")
    (tmp_path / "module1").mkdir()
    assert [module.name for module in syllabus.modules(tmp_path)][:2] == ["module9", "module10"]


def test_the_lesson_gives_the_order_and_the_sections(module: Path) -> None:
    """Tests come as the README names their files; a file's section is the heading above its name."""
    (read_module, _) = syllabus.modules(module.parent)
    assert [one.name for one in read_module.exercises] == ["it_runs", "it_stays", "it_scales"]
    assert read_module.title == "Pods"
    assert syllabus.section(module, "scale.sh") == "Two Pods"
    assert syllabus.section(module, "three.yaml") == ""


def test_the_list_agrees_with_pytest() -> None:
    """For the whole course, what is read equals what pytest's own import of the tests gives."""
    for module in syllabus.modules(course.exercises()):
        for exercise in module.exercises:
            space: dict[str, object] = {}
            exec(exercise.source.read_text(), space)  # noqa: S102 - a lesson of the course
            function = space[exercise.test]
            about = lesson.of(function, module.name, getattr(function, "pytestmark", []))
            assert (about.title, about.points, about.hint) == (exercise.title, exercise.points, exercise.hint)
            assert SHARED.intersection(about.needs) == SHARED.intersection(exercise.needs), exercise.key
            assert exercise.files, exercise.key
            assert all((module.folder / file).is_file() for file in exercise.files), exercise.key
