"""What the lessons' READMEs show is what the cluster says."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from kindlings import course
from kindlings.authoring import regenerating, replaying
from kindlings.console import PlainProgress

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

MODULES = ("module1", "module2")
"""Those that take the least time; `kindlings author regenerate --check` looks at all."""
SAID = '["echo", "The attendees are awesome"]'
"""What the solution of dok-app.yaml has, its exercise too, and its README's block prints."""


def test_no_readme_shows_what_the_cluster_does_not_say() -> None:
    """Every marked block, done again with the solutions, prints what stands in it."""
    drifts = replaying.record_all(MODULES, PlainProgress(sys.stderr), write=False)
    assert not drifts, "\n".join(["run `kindlings author regenerate`", *(drift.said for drift in drifts)])


def test_a_changed_solution_changes_its_exercise_and_readme_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When dok-app.yaml says something else, so do its exercise and its block, and nothing else changes."""
    for place in (course.exercises(), course.solutions()):
        shutil.copytree(place / "module1", tmp_path / place.name / "module1")
    monkeypatch.setattr(course, "exercises", lambda: tmp_path / "exercises")
    monkeypatch.setattr(course, "solutions", lambda: tmp_path / "solutions")
    solution = tmp_path / "solutions" / "module1" / "dok-app.yaml"
    solution.write_text(solution.read_text().replace(SAID, SAID.replace("awesome", "patient")))
    before = _files(tmp_path)

    written = regenerating.regenerate("module1", write=True)
    drifts = replaying.record_all(["module1"], PlainProgress(sys.stderr), write=True)

    changed = {name: text for name, text in _files(tmp_path).items() if text != before[name]}
    assert written == ["exercises/module1/dok-app.yaml"]
    assert len(drifts) == 1
    assert changed == {
        "exercises/module1/dok-app.yaml": before["exercises/module1/dok-app.yaml"].replace(
            SAID, SAID.replace("awesome", "patient")
        ),
        "exercises/module1/README.md": before["exercises/module1/README.md"].replace(
            "\nThe attendees are awesome\n", "\nThe attendees are patient\n"
        ),
    }


def _files(folder: Path) -> dict[str, str]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {f"{path.relative_to(folder)}": path.read_text() for path in found}
