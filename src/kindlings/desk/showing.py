"""What the learner's commands print: lines of plain text, in colours where a terminal has them."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from kindlings.desk import home, making, standing, syllabus
from kindlings.desk.journal import Status
from kindlings.writers import message

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kindlings.desk.home import Home
    from kindlings.desk.making import Changes
    from kindlings.desk.standing import Desk, Standing
    from kindlings.desk.syllabus import Module

_COLOURS: Final = {Status.DONE: "green", Status.FAILED: "red", Status.CHANGED: "yellow"}
_BAR: Final = 24


def syllabus_of(desk: Desk, modules: Sequence[Module], following: Standing | None) -> Iterator[str]:
    """Yield the lines of `kindlings list`: a heading for each module, a line for each of its tests."""
    shown = [one for module in modules for one in desk.of(module)]
    width = max((len(one.exercise.name) for one in shown), default=0)
    for module in modules:
        yield click.style(_heading(desk, module), bold=True)
        for one in desk.of(module):
            mark = ">" if one is following else " "
            state = click.style(f"{one.status.value:<8}", fg=_COLOURS.get(one.status), dim=not one.verdict)
            files = " ".join(one.exercise.files)
            yield f"{mark} {state} {one.exercise.points:>2}  {one.exercise.name:<{width}}  {files}"
        yield ""
    yield from remarks(desk)


def progress(desk: Desk) -> Iterator[str]:
    """Yield the lines of `kindlings progress`: a bar for each module, the points, and what comes next."""
    width = max((len(module.title) for module in desk.modules), default=0)
    for module in desk.modules:
        got, most = _points(desk.of(module)), module.points
        done = got == most and all(one.done for one in desk.of(module))
        bar = click.style(_bar(got, most), fg="green" if done else None)
        yield f"{module.name:<9} {module.title:<{width}}  {bar}  {got:>3} of {most:>3}"
    got, most = _points(desk.standings), sum(module.points for module in desk.modules)
    yield f"{'':<9} {'':<{width}}  {'':<{_BAR}}  {got:>3} of {most:>3} points"
    yield from remarks(desk)
    if desk.next:
        exercise = desk.next.exercise
        yield f"next: {exercise.module} · {exercise.title.rstrip('.')} (`kindlings next`)"


def next_step(desk: Desk, following: Standing | None) -> Iterator[str]:
    """Yield the lines of `kindlings next`: what to read, which file to edit, and the command."""
    if following is None:
        yield f"All {len(desk.standings)} labs are done: {_points(desk.standings)} points."
        yield from remarks(desk)
        return
    exercise = following.exercise
    points = f"{exercise.points} point{'' if exercise.points == 1 else 's'}"
    for line in message.wrapped(f"{exercise.module} · {exercise.title.rstrip('.')} ({points})"):
        yield click.style(line, bold=True)
    lesson = exercise.source.parent / "README.md"
    if lesson.exists():
        heading = next((found for file in reversed(exercise.files) if (found := _section(lesson, file))), "")
        yield _row("read", home.shown(lesson) + (f', "{heading}"' if heading else ""))
    for path in standing.to_edit(exercise):
        back = f"kindlings reset {path.parent.name}/{path.name}"
        missing = "" if path.exists() else f" (missing: `{back}` brings it back)"
        yield _row("edit", home.shown(path) + missing)
    yield _row("check", f"pytest {home.shown(exercise.source)}::{exercise.test}")
    yield _row("", f"or leave `kindlings watch {exercise.module}` running: it checks what you save")
    yield _row("so far", _story(following))
    yield _row("stuck?", f"kindlings hint {exercise.name}")
    yield from remarks(desk)


def total(desk: Desk, module: str) -> str:
    """Return the points of one module in a sentence."""
    here = [one for one in desk.modules if one.name == module]
    return f"{_points(desk.of(here[0]))} of {here[0].points} points in {module}." if here else ""


def hints(chosen: Sequence[Standing]) -> Iterator[str]:
    """Yield each test's sentence and its hint."""
    for one in chosen:
        yield click.style(f"{one.exercise.module} · {one.exercise.title.rstrip('.')}", bold=True)
        yield _row("hint", one.exercise.hint or "This lab has none; its lesson says what is asked for.")


def made(place: Home) -> Iterator[str]:
    """Yield what to say of a new course folder."""
    modules = syllabus.modules(place.exercises)
    labs = sum(len(module.exercises) for module in modules)
    yield f"{home.shown(place.path)} has the course: {len(modules)} modules, {labs} labs."
    enter = "" if place.path.resolve() == Path.cwd() else f"cd {shlex.quote(home.shown(place.path))}, then "
    yield f"next: {enter}`kindlings next`"


def changes(done: Changes) -> Iterator[str]:
    """Yield what an upgrade did, a line for each file, and a sum."""
    for what, names in (
        ("updated", done.updated),
        ("new", done.new),
        ("back, as it was missing", done.back),
        ("removed", done.removed),
        ("kept, as you edited it", done.kept),
    ):
        yield from (f"{name}: {what}" for name in names)
    for name in done.beside:
        last = name.rpartition("/")[2]
        yield f"{name}: kept, as you edited it; what is new is in {last}{making.NEW}"
    before = f" (it was {done.before})" if done.before not in {"", done.after} else ""
    count = len(done.updated) + len(done.new) + len(done.back) + len(done.removed)
    changed = f"{count} file{'' if count == 1 else 's'} changed" if count else "nothing changed"
    yield f"This folder is of kindlings {done.after}{before}: {changed}."


def remarks(desk: Desk) -> Iterator[str]:
    """Yield a line for each thing that makes what was shown less than it could be."""
    if line := making.outdated(desk.place):
        yield line
    for path in desk.edited:
        yield (
            f"{home.shown(path)} is not the course's any more, so its labs do not count: "
            f"`kindlings reset {path.parent.name}/{path.name}` brings it back."
        )
    if len(desk.gone) == 1:
        (path,) = desk.gone
        yield (
            f"{home.shown(path)} is missing, and with it its labs: "
            f"`kindlings reset {path.parent.name}/{path.name}` brings it back."
        )
    elif desk.gone:
        yield (
            f"{len(desk.gone)} test files are missing, and with them their labs, the first of them "
            f"{home.shown(desk.gone[0])}: `kindlings init --upgrade` brings them back."
        )


def _section(lesson: Path, file: str) -> str:
    return syllabus.section(lesson.parent, file)


def _heading(desk: Desk, module: Module) -> str:
    got = _points(desk.of(module))
    return f"{module.name} · {module.title}: {got} of {module.points} points"


def _points(standings: Sequence[Standing]) -> int:
    return sum(one.points for one in standings)


def _bar(got: int, most: int) -> str:
    """Return a bar that is full only when everything is got, and empty only when nothing is."""
    filled = got * _BAR // most if most else 0
    filled = max(filled, 1) if got else 0
    return "#" * filled + "." * (_BAR - filled)


def _row(label: str, text: str) -> str:
    return f"  {label:<8}  {text}"


def _story(one: Standing) -> str:
    if one.verdict is None:
        return "not run yet"
    ended = f"{one.verdict.outcome} {_ago(one.verdict.at)}"
    return f"{ended}, and changed since" if one.status is Status.CHANGED else ended


def _ago(at: str) -> str:
    try:
        then = datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return "some time ago"
    minutes = int((datetime.now(UTC) - then).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    for length, unit in ((60 * 24, "day"), (60, "hour"), (1, "minute")):
        if count := minutes // length:
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"
