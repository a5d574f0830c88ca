"""Where a learner stands: the course's tests with their verdicts, and what a name at the prompt means."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kindlings.desk import home, making, syllabus
from kindlings.desk.journal import Journal, Status
from kindlings.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kindlings.desk.home import Home
    from kindlings.desk.journal import Verdict
    from kindlings.desk.syllabus import Exercise, Module


@dataclass(frozen=True)
class Standing:
    """One test, and where it stands."""

    exercise: Exercise
    status: Status
    verdict: Verdict | None = None

    @property
    def done(self) -> bool:
        """Tell whether its points are the learner's."""
        return self.status is Status.DONE

    @property
    def solved(self) -> bool:
        """Tell whether it has passed at any time."""
        return self.verdict is not None and self.verdict.solved

    def file_called(self, name: str) -> str:
        """Return the one of its files that `name` means, or an empty string."""
        last = name.rstrip("/").rpartition("/")[2]
        return last if last in self.exercise.files else ""

    @property
    def points(self) -> int:
        """Return the points that it gives as it stands."""
        return self.exercise.points if self.done else 0


@dataclass(frozen=True)
class Desk:
    """A course folder with everything that is known of it."""

    place: Home
    modules: tuple[Module, ...]
    standings: tuple[Standing, ...]
    """Of every test, in the order of the course."""
    edited: tuple[Path, ...]
    """The test files that are not the course's any more: theirs count for nothing."""
    gone: tuple[Path, ...] = ()
    """The test files that are missing: their labs are not among the standings."""

    def of(self, module: Module) -> list[Standing]:
        """Return where the tests of a module stand."""
        return [one for one in self.standings if one.exercise.module == module.name]

    @property
    def next(self) -> Standing | None:
        """Return the first test that is not done, or None when all are."""
        return self.next_in(None)

    def next_in(self, module: str | None) -> Standing | None:
        """Return the first test of a module, or of the course, that is not done, or None when all are."""
        return next(
            (one for one in self.standings if not one.done and module in {None, one.exercise.module}), None
        )

    def choose(self, name: str) -> list[Standing]:
        """Return the tests that `name` means: a module, a file or a test. Raises UsageError.

        A name that means something in several modules is refused with a line that tells them apart.
        """
        for wanted in (self.place.inside(name), name.strip().rstrip("/")):
            found = [one for one in self.standings if wanted in _names(one.exercise)]
            homes = dict.fromkeys(one.exercise.module for one in found)
            if len(homes) > 1:
                ways = " or ".join(f"{module}/{wanted}" for module in homes)
                raise UsageError(f"{name} is in {len(homes)} modules: say {ways}.")
            if found:
                return found
        raise UsageError(f"There is no lab called {name}.", self._close(name))

    def _close(self, wanted: str) -> str:
        known = {name for one in self.standings for name in _spoken(one.exercise)}
        last = wanted.rstrip("/").rpartition("/")[2].removeprefix("test_")
        near = difflib.get_close_matches(last, sorted(known), 3, 0.6) or [
            name
            for name in sorted(known)
            if difflib.get_close_matches(last, re.split(r"[-_.]", name), 1, 0.75)
        ]
        near = near[:3]
        return f"Did you mean {' or '.join(near)}?" if near else "`kindlings list` shows the labs."


def at(start: Path) -> Desk:
    """Return the desk of the course folder that `start` is in. Raises UsageError where there is none."""
    place = home.find(start)
    found = tuple(syllabus.modules(place.exercises))
    verdicts = Journal(place).read()
    edited, gone = making.strayed(place)

    def standings() -> Iterator[Standing]:
        for module in found:
            for exercise in module.exercises:
                verdict = verdicts.get(exercise.key)
                status = verdict.status(exercise) if verdict else Status.NOT_RUN
                if verdict and exercise.source in edited:
                    status = Status.CHANGED
                yield Standing(exercise, status, verdict)

    return Desk(place, found, tuple(standings()), tuple(edited), tuple(gone))


def to_edit(exercise: Exercise) -> list[Path]:
    """Return the files that a test's learner has to edit: those with a TODO, or all where none has."""
    folder = exercise.source.parent
    files = [folder / file for file in exercise.files] or list(home.learners(folder))
    open_ones = [path for path in files if b"TODO" in (home.content(path) or b"TODO: it is missing")]
    return open_ones or files


def _spoken(exercise: Exercise) -> Sequence[str]:
    return exercise.module, exercise.name, *exercise.files, exercise.source.name


def _names(exercise: Exercise) -> set[str]:
    """Return everything by which a test may be called at the prompt."""
    module, source = exercise.module, exercise.source.name
    short = {exercise.test, exercise.name, f"{source}::{exercise.test}", source, *exercise.files}
    names = {module, *short, *(f"{module}/{name}" for name in short)}
    return names | {f"{home.EXERCISES}/{name}" for name in names if name.startswith(module)}
