"""What the course gives back: a solution once it was found, and an exercise as it was at first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kindlings import course, marks
from kindlings.desk import home, making, standing, storage
from kindlings.errors import KindlingsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kindlings.desk.home import Home
    from kindlings.desk.standing import Desk, Standing


def solution(desk: Desk, name: str, *, insist: bool) -> Iterator[tuple[Path, str]]:
    """Yield the solution's files that `name` means, each with its text.

    They are open once the labs that `name` means have passed, at any time. Raises KindlingsError where they
    are not and the learner does not insist, UsageError for a name that means nothing.
    """
    chosen = desk.choose(name)
    file = chosen[0].file_called(name)
    asked = _about(chosen, file) if file else chosen
    solved = sum(one.solved for one in asked)
    # A file that only helps others, such as the Pods behind a Service, is right as soon as one passes.
    enough = 1 if file and asked[0].exercise.files[-1] != file else len(asked)
    if solved < enough and not insist:
        called = desk.place.inside(name)
        far = f": of its {len(asked)} labs {solved} passed so far" if len(asked) > 1 else ""
        raise KindlingsError(
            f"{called} is not solved yet{far}.",
            f"`kindlings hint {called}` helps without solving; "
            f"`kindlings solution {called} --insist` shows it now.",
        )
    folder = course.solutions() / chosen[0].exercise.module
    for wanted in [file] if file else files_of(chosen):
        if (folder / wanted).is_file():
            yield folder / wanted, marks.solution((folder / wanted).read_text(encoding="utf-8"), wanted)


def _about(chosen: Sequence[Standing], file: str) -> Sequence[Standing]:
    """Return the tests that take `file` last, which are about it, or all of `chosen` where there is none."""
    return [one for one in chosen if one.exercise.files[-1] == file] or chosen


def files_of(chosen: Sequence[Standing]) -> list[str]:
    """Return the learner's files that the tests take, each once."""
    return list(dict.fromkeys(file for one in chosen for file in one.exercise.files))


def reset(place: Home, path: Path) -> Path | None:
    """Put a file of the exercises back as the course has it; return where its present content is kept.

    None means that it was as it came. Raises UsageError for a file that the course does not have, OSError
    where it cannot be written.
    """
    original = place.pristine(path)
    if original is None:
        raise UsageError(f"The course has no {path.name} in {path.parent.name}: it is your own, and stays.")
    if path.is_dir() and not path.is_symlink():
        raise UsageError(f"{home.shown(path)} is a folder.", "Move it away, then run this again.")
    if home.content(path) == original and not path.is_symlink():
        return None
    copy = storage.put_aside(place, path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        storage.write(path, original)
    except OSError:
        if copy is not None:
            copy.replace(path)
        raise
    beside = path.with_name(path.name + making.NEW)
    if home.content(beside) == original:
        beside.unlink()  # an upgrade put it there, and now it is in its place
    return copy or path


def to_reset(place: Home, name: str) -> list[Path]:
    """Return the files that `name` means: the named file, or all that the named labs have the learner edit.

    Raises UsageError for a name that means nothing, or several things.
    """
    known = course_files(place, place.inside(name)) or course_files(place, name)
    if len(known) > 1:
        ways = " or ".join(f"{path.parent.name}/{path.name}" for path in known)
        raise UsageError(f"{name} is in {len(known)} modules: say {ways}.")
    if known:
        return known
    # Only now: what is to be reset may be a test file that cannot be read.
    chosen = standing.at(place.path).choose(name)
    folder = chosen[0].exercise.source.parent
    return [folder / file for file in files_of(chosen)]


def course_files(place: Home, name: str) -> list[Path]:
    """Return where the course's files of that name, with or without module, belong in a course folder."""
    wanted = Path(name.removeprefix(f"{home.EXERCISES}/"))
    source = course.exercises()
    if wanted.is_absolute() or ".." in wanted.parts:
        return []
    folders = [source] if len(wanted.parts) > 1 else sorted(source.glob("module*"))
    found = [folder / wanted for folder in folders if (folder / wanted).is_file()]
    return [place.exercises / path.relative_to(source) for path in found]
