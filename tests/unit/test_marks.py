"""One source for exercise and solution: the marks, and what is written from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from kindlings import course, marks
from kindlings.authoring import regenerating
from kindlings.desk import giving, standing
from kindlings.errors import UsageError
from tests.unit import small_course

if TYPE_CHECKING:
    from pathlib import Path

MARKED = """\
#| # Lab 1a.
kind: Pod
spec:
  #| # TODO: ask for three.
  #| # WHY: two are too few.
  #| replicas: 1
  # BEGIN SOLUTION
  # Three.
  replicas: 3
  # END SOLUTION
  #|
  paused: true  # SOLUTION
  name: x
"""
SOLUTION = "kind: Pod\nspec:\n  # Three.\n  replicas: 3\n  paused: true\n  name: x\n"
EXERCISE = """\
# Lab 1a.
kind: Pod
spec:
  # TODO: ask for three.
  # WHY: two are too few.
  replicas: 1

  name: x
"""
REAL = [
    (path, path.read_text(encoding="utf-8"))
    for path in sorted(course.solutions().glob("module*/*"))
    if path.suffix in {".yaml", ".sh"}
]


def test_both_texts_come_from_the_marked_one() -> None:
    """Lines with #| are the exercise's, those between BEGIN and END, or marked SOLUTION, the solution's."""
    assert marks.solution(MARKED) == SOLUTION
    assert marks.exercise(MARKED) == EXERCISE


def test_marks_can_be_made_of_both_texts() -> None:
    """What is marked by comparing them gives them back, byte for byte."""
    made = marks.mark(EXERCISE, SOLUTION)
    assert marks.has_marks(made)
    assert (marks.exercise(made), marks.solution(made)) == (EXERCISE, SOLUTION)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# BEGIN SOLUTION\na: 1\n", "x.yaml:1 begins a solution that has no end"),
        ("a: 1\n# END SOLUTION\n", "x.yaml:2 ends a solution that has not begun"),
        ("# BEGIN SOLUTION\n# BEGIN SOLUTION\n", "x.yaml:2 begins a solution inside that of line 1"),
    ],
)
def test_marks_that_do_not_match_are_refused(text: str, said: str) -> None:
    """The author reads which line it is."""
    with pytest.raises(UsageError, match=said):
        marks.exercise(text, "x.yaml")


def test_a_word_is_no_mark() -> None:
    """A text that only speaks of a solution carries no marks."""
    assert not marks.has_marks("# The SOLUTION is near.\na: 1\n")


# The course.


def test_no_exercise_drifts_from_its_solution() -> None:
    """Every exercise of a marked solution is what its marks say, byte for byte."""
    modules = [path.name for path in course.exercises().glob("module*")]
    assert [name for one in modules for name in regenerating.regenerate(one, write=False)] == []
    assert sum(marks.has_marks(text) for _, text in REAL) > 30


@pytest.mark.parametrize(("path", "text"), REAL, ids=[f"{path.parent.name}-{path.name}" for path, _ in REAL])
def test_marks_change_nothing_that_a_solution_says(path: Path, text: str) -> None:
    """With and without its marks a solution holds the same objects, or the same commands."""
    bare = marks.solution(text, path.name)
    if path.suffix == ".yaml":
        assert list(yaml.safe_load_all(text)) == list(yaml.safe_load_all(bare))
    else:
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        assert lines == [line for line in bare.splitlines() if not line.startswith("#")]
    assert not marks.has_marks(bare)


# The commands.


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a checkout of a small course."""
    made = small_course.make(tmp_path, monkeypatch)
    monkeypatch.setattr(course, "is_packed", lambda: False)
    return made.installed


def test_regenerate_writes_what_has_drifted(source: Path) -> None:
    """A changed solution changes its exercise and no other; a second time there is nothing to do."""
    (source / "solutions" / "module1" / "one.yaml").write_text(MARKED)
    other = (source / "exercises" / "module1" / "two.yaml").read_bytes()
    assert regenerating.regenerate("module1", write=False) == ["exercises/module1/one.yaml"]
    assert regenerating.regenerate("module1", write=True) == ["exercises/module1/one.yaml"]
    assert regenerating.regenerate("module1", write=True) == []
    assert (source / "exercises" / "module1" / "one.yaml").read_text() == EXERCISE
    assert (source / "exercises" / "module1" / "two.yaml").read_bytes() == other


def test_a_pair_of_files_is_given_marks(source: Path) -> None:
    """The exercise stays what it was, and can be written from the solution from now on."""
    exercise = source / "exercises" / "module1" / "one.yaml"
    before = exercise.read_text()
    assert "carries marks now" in regenerating.adopt("module1/one.yaml")
    assert "has marks already" in regenerating.adopt("module1/one.yaml")
    assert regenerating.regenerate("module1", write=True) == []
    assert exercise.read_text() == before
    with pytest.raises(UsageError, match=r"no exercise with a solution"):
        regenerating.adopt("module1/nine.yaml")


def test_marks_inside_a_string_are_refused(source: Path) -> None:
    """A script in a ConfigMap would have them as its own lines."""
    solution = source / "solutions" / "module1" / "one.yaml"
    solution.write_text("data:\n  script: |\n    echo a\n    echo b\n")
    (source / "exercises" / "module1" / "one.yaml").write_text("data:\n  script: |\n    echo a\n    # TODO\n")
    with pytest.raises(UsageError, match="in one of its strings"):
        regenerating.adopt("module1/one.yaml")
    assert "SOLUTION" not in solution.read_text()


def test_an_installed_course_is_not_changed(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is a module that there is not."""
    with pytest.raises(UsageError, match="There is no module9"):
        regenerating.modules(["module9"])
    monkeypatch.setattr(course, "is_packed", lambda: True)
    assert source.is_dir()
    with pytest.raises(UsageError, match="An installed course is not changed"):
        regenerating.modules(())


def test_a_learner_sees_no_marks(source: Path, tmp_path: Path) -> None:
    """`kindlings solution` shows the solution without them."""
    (source / "solutions" / "module1" / "one.yaml").write_text(MARKED)
    desk = standing.at(tmp_path / "mine")
    ((_, shown),) = giving.solution(desk, "module1/one.yaml", insist=True)
    assert shown == SOLUTION
