"""Writes the exercises from the solutions' marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kindlings import course, marks
from kindlings.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


def modules(chosen: Sequence[str]) -> list[str]:
    """Return the names of the chosen modules, or of all. Raises UsageError for one that there is not.

    Only a checkout of the course's repository can be changed: an installed package is refused, too.
    """
    if course.is_packed():
        raise UsageError("An installed course is not changed.", "Run this in a checkout of its repository.")
    known = [path.name for path in sorted(course.exercises().glob("module*")) if path.is_dir()]
    for name in chosen:
        if name not in known:
            raise UsageError(f"There is no {name}.", f"The course has {', '.join(known)}.")
    return list(chosen) or known


def marked(module: str) -> Iterator[tuple[Path, Path, str]]:
    """Yield each marked solution of a module, its exercise's path, and what the exercise should hold."""
    for path in sorted((course.solutions() / module).iterdir()):
        if path.suffix in {".yaml", ".sh"}:
            text = path.read_text(encoding="utf-8")
            if marks.has_marks(text):
                wanted = marks.exercise(text, f"solutions/{module}/{path.name}")
                yield path, course.exercises() / module / path.name, wanted


def regenerate(module: str, *, write: bool) -> list[str]:
    """Return the exercises of a module that are not what their solutions' marks say; `write` mends them."""
    drifted = []
    for _, path, wanted in marked(module):
        if not path.is_file() or path.read_bytes() != wanted.encode():
            drifted.append(f"exercises/{module}/{path.name}")
            if write:
                path.write_text(wanted, encoding="utf-8")
    return drifted


def adopt(name: str) -> str:
    """Put marks into a solution, from its present exercise; return what to say. Raises UsageError.

    Marks inside a string of the manifest, such as a script in a ConfigMap, would become part of it: there the
    exercise stays written by hand.
    """
    solution, exercise = course.solutions() / name, course.exercises() / name
    if course.is_packed() or not (solution.is_file() and exercise.is_file()):
        raise UsageError(f"{name} is no exercise with a solution.", "Say moduleN/FILE.")
    text = solution.read_text(encoding="utf-8")
    if marks.has_marks(text):
        return f"solutions/{name} has marks already."
    made = marks.mark(exercise.read_text(encoding="utf-8"), text)
    if solution.suffix == ".yaml" and _objects(made) != _objects(text):
        raise UsageError(
            f"solutions/{name} cannot carry marks: they would stand in one of its strings.",
            "Keep its exercise by hand, or move the string into a file of its own.",
        )
    solution.write_text(made, encoding="utf-8")
    return f"solutions/{name} carries marks now; its exercise is as it was."


def _objects(text: str) -> list[object]:
    import yaml  # noqa: PLC0415 - only this needs it

    return list(yaml.safe_load_all(text))
