"""A small course in a folder of the test's own: what is installed, and what a learner has of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kindlings import course
from kindlings.desk import home, syllabus
from kindlings.desk.home import Home
from kindlings.desk.journal import Journal, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: counter}\nspec: {containers: [{name: a, image: b}]}\n"
TODO = "# TODO: mend it.\n# WHY: it is wrong.\n"
README = """# Module 1: pods

Words.

## One Pod

`one.yaml`, and nothing else.

## Two Pods

`two.yaml` and `scale.sh`.
"""
TESTS = '''"""Pods run."""

import pytest

from kindlings import Lab

FILE = "one.yaml"
two_points = pytest.mark.points(2)


@pytest.mark.points(1)
@pytest.mark.hint("Look at the name.")
def test_it_runs(lab: Lab) -> None:
    """Applying one.yaml gives a Pod."""
    lab.apply(FILE)


@two_points
@pytest.mark.hint("Look at the number.")
def test_it_scales(lab: Lab) -> None:
    """With scale.sh there are two."""
    lab.apply("two.yaml")
    lab.run("scale.sh")


@pytest.mark.points(1)
def test_it_stays(lab: Lab) -> None:
    """The Pod of one.yaml stays."""
    prepared(lab)


def prepared(lab: Lab) -> None:
    lab.apply("one.yaml")
'''


@dataclass(frozen=True)
class SmallCourse:
    """What is installed, and a learner's folder."""

    installed: Path
    place: Home

    @property
    def module(self) -> Path:
        """Return the learner's module1."""
        return self.place.exercises / "module1"

    def note(self, test: str, *, passed: bool = True) -> None:
        """Note a verdict as a run on the present files does."""
        source = self.module / "test_pods.py"
        exercise = next(one for one in syllabus.read(source) if one.test == test)
        files = {file: home.digest(self.module / file) for file in exercise.files}
        verdict = Verdict.now(passed=passed, test=exercise.definition, files=files)
        Journal(self.place).note(exercise.key, verdict)


def write(folder: Path) -> None:
    """Write the course's own files, with two modules, into `folder`."""
    for name in ("module1", "module2"):
        module = folder / "exercises" / name
        module.mkdir(parents=True)
        (module / "README.md").write_text(README.replace("Module 1", name.title()))
        (module / "test_pods.py").write_text(TESTS)
        for file in ("one.yaml", "two.yaml"):
            (module / file).write_text(TODO + POD)
            solved = folder / "solutions" / name / file
            solved.parent.mkdir(parents=True, exist_ok=True)
            solved.write_text(f"# Solved {file}.\n{POD}")
        (module / "scale.sh").write_text("# TODO: scale.\n")
        (solved.parent / "scale.sh").write_text("kubectl scale deployment counter --replicas=2\n")


def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallCourse:
    """Make the course, as if a wheel had brought it, and a learner's folder, in which one then is."""
    installed, mine = tmp_path / "installed", tmp_path / "mine"
    write(installed)
    shutil.copytree(installed / "exercises", mine / "exercises")
    monkeypatch.setattr(course, "root", lambda: installed)
    monkeypatch.setattr(course, "is_packed", lambda: True)
    monkeypatch.chdir(mine)
    return SmallCourse(installed, Home(mine))
