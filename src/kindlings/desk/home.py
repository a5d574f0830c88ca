"""The learner's course folder: where it is, which files in it are the learner's, and what they were."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kindlings import course
from kindlings.desk import syllabus
from kindlings.errors import InfrastructureError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXERCISES: Final = "exercises"
STATE: Final = ".kindlings"
"""What is kept beside the exercises: the journal, copies of what was reset, what `init` brought."""
BROUGHT: Final = "course.json"
"""In the state: what `init` brought."""
_LEARNERS: Final = frozenset({".yaml", ".yml", ".sh"})
_MAX_BYTES: Final = 1024 * 1024
"""No file of a course is as long, and none longer is ever a lab's answer."""


@dataclass(frozen=True)
class Home:
    """A course folder, which holds `exercises` with the modules."""

    path: Path

    @property
    def exercises(self) -> Path:
        """Return the folder of the modules."""
        return self.path / EXERCISES

    @property
    def state(self) -> Path:
        """Return the folder of what kindlings keeps here; it may not be there yet."""
        return self.path / STATE

    @property
    def is_source(self) -> bool:
        """Tell whether this is the course's own repository, and no copy that a learner was given."""
        return self.exercises.resolve() == course.exercises().resolve()

    def inside(self, name: str) -> str:
        """Return `name`, if it is a path into the exercises, as seen from there: module1/sidecar.yaml."""
        inside = os.path.relpath(os.path.abspath(name), self.exercises)  # noqa: PTH100 - resolve() follows links
        return name if inside.startswith(os.pardir) or inside == os.curdir else inside

    def pristine(self, path: Path) -> bytes | None:
        """Return what a file of the exercises was when the course came, or None for a file of the learner's.

        Raises InfrastructureError where that cannot be told.
        """
        inside = path.relative_to(self.exercises)
        if self.is_source:
            return self._committed(path)
        original = course.exercises() / inside
        return original.read_bytes() if original.is_file() else None

    def _committed(self, path: Path) -> bytes | None:
        git = shutil.which("git")
        if git is None or not (self.path / ".git").exists():
            raise InfrastructureError(
                f"{self.path} is the course itself, and nothing tells what {path.name} was at first.",
                "Work in a folder of your own: `kindlings init DIR`.",
            )
        name = path.relative_to(self.path).as_posix()
        command = [git, "-C", str(self.path), "show", f"HEAD:{name}"]
        shown = subprocess.run(command, capture_output=True, check=False)
        return shown.stdout if shown.returncode == 0 else None


def find(start: Path) -> Home:
    """Return the course folder that `start` is, or is in. Raises UsageError where there is none."""
    here = start.absolute()
    for folder in (here, *here.parents):
        if is_home(folder):
            return Home(folder)
    raise UsageError(
        f"There is no course in {here}, nor in a folder above it.",
        "Change into your course folder, or make one: `kindlings init DIR`.",
    )


def is_home(folder: Path) -> bool:
    """Tell whether `folder` holds a course."""
    brought = (folder / STATE / BROUGHT).is_file()
    return brought or any((folder / EXERCISES).glob("module*/test_*.py"))


def of_test(source: Path) -> Home | None:
    """Return the course folder of a test file, or None for one that lies in no folder of a learner's."""
    module, exercises = source.parent, source.parent.parent
    ours = exercises.name == EXERCISES and syllabus.MODULE.fullmatch(module.name)
    packed = course.root() / EXERCISES
    # An installed package is nobody's desk.
    return Home(exercises.parent) if ours and (exercises != packed or not course.is_packed()) else None


def is_learners(path: Path) -> bool:
    """Tell whether a file of a module is one that the learner edits, by its name."""
    return path.suffix in _LEARNERS and not path.name.startswith(".")


def learners(module: Path) -> Iterator[Path]:
    """Yield the files of a module's folder that the learner edits, by name."""
    try:
        names = sorted(path for path in module.iterdir() if is_learners(path))
    except OSError:
        return
    yield from names


def shown(path: Path) -> str:
    """Return `path` as one types it from the folder in which the command was called."""
    return os.path.relpath(path)


def content(path: Path) -> bytes | None:
    """Return what a regular file of sensible length holds, or None."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_BYTES:
            return None
        return path.read_bytes()
    except OSError:
        return None


def digest(path: Path) -> str:
    """Return a short name for what a file holds; an empty string where it cannot be read."""
    held = content(path)
    return "" if held is None else hashlib.sha256(held).hexdigest()[:16]
