"""The learner's commands, each a few lines. `kindlings --help` imports this: what it needs comes later."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kindlings.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable


def register(group: click.Group) -> None:
    """Add the learner's commands to `group`."""
    for command in (init, list_, next_, watch, progress, hint, solution, reset):
        group.add_command(command)


@click.command()
@click.argument("folder", metavar="DIR", required=False, type=click.Path(path_type=Path))
@click.option("--upgrade", is_flag=True, help="Bring the installed version into the course folder.")
def init(folder: Path | None, *, upgrade: bool) -> int:
    """Make a course folder DIR: exercises, README and settings, ready for git."""
    from kindlings.desk import home, making, showing  # noqa: PLC0415 - see above

    if upgrade:
        return _print(showing.changes(making.upgrade(home.find(folder or Path.cwd()))))
    if folder is None:
        raise UsageError("Say where: `kindlings init DIR`, a folder that is new or empty.")
    return _print(showing.made(making.make(folder)))


@click.command("list")
@click.argument("module", required=False)
def list_(module: str | None) -> int:
    """List the labs with their points and where each stands."""
    from kindlings.desk import showing, standing  # noqa: PLC0415 - see above

    desk = standing.at(Path.cwd())
    names = {one.exercise.module for one in desk.choose(module)} if module else None
    modules = [one for one in desk.modules if not names or one.name in names]
    return _print(showing.syllabus_of(desk, modules, desk.next))


@click.command("next")
def next_() -> int:
    """Say what comes next: what to read, which file to edit, how to check it."""
    from kindlings.desk import showing, standing  # noqa: PLC0415 - see above

    desk = standing.at(Path.cwd())
    return _print(showing.next_step(desk, desk.next))


@click.command()
@click.argument("module", required=False)
@click.option("--plain", is_flag=True, help="Lines only: no keys, no table, no colours.")
def watch(module: str | None, *, plain: bool) -> int:
    """Judge what you save, at once, until q or Ctrl-C; with MODULE, that one alone."""
    from kindlings.desk import standing  # noqa: PLC0415 - see above
    from kindlings.desk.watch import running  # noqa: PLC0415 - see above

    desk = standing.at(Path.cwd())
    chosen = desk.choose(module)[0].exercise.module if module else None
    return running.run(desk.place, chosen, plain=plain)


@click.command()
def progress() -> int:
    """Show the points of each module."""
    from kindlings.desk import showing, standing  # noqa: PLC0415 - see above

    return _print(showing.progress(standing.at(Path.cwd())))


@click.command()
@click.argument("lab", required=False)
def hint(lab: str | None) -> int:
    """Give a hint for LAB (a module, a file or a test), by default for the next one."""
    from kindlings.desk import showing, standing  # noqa: PLC0415 - see above

    desk = standing.at(Path.cwd())
    chosen = desk.choose(lab) if lab else [desk.next] if desk.next else []
    undone = [one for one in chosen if not one.done]
    return _print(showing.hints(undone or chosen))


@click.command()
@click.argument("lab")
@click.option("--insist", is_flag=True, help="Show it although the lab has not passed yet.")
def solution(lab: str, *, insist: bool) -> int:
    """Show the solution of LAB (a module, a file or a test) once it has passed."""
    from kindlings.desk import giving, standing  # noqa: PLC0415 - see above

    desk = standing.at(Path.cwd())
    for path, text in giving.solution(desk, lab, insist=insist):
        click.echo(click.style(f"# {path.parent.name}/{path.name}", bold=True))
        click.echo(text)
    if not all(one.solved for one in desk.choose(lab)):
        click.echo("Shown before all of it has passed.", err=True)
    return ExitCode.OK


@click.command()
@click.argument("lab", metavar="LAB|FILE")
def reset(lab: str) -> int:
    """Put the exercise of LAB, or any FILE of the course, back as it was at first; a copy is kept."""
    from kindlings.desk import giving, home  # noqa: PLC0415 - see above

    place = home.find(Path.cwd())
    for path in giving.to_reset(place, lab):
        kept = giving.reset(place, path)
        if kept is None:
            click.echo(f"{home.shown(path)} is as it came.")
        elif kept == path:
            click.echo(f"{home.shown(path)} is back.")
        else:
            click.echo(f"{home.shown(path)} is as it came; what you had is in {home.shown(kept)}")
    return ExitCode.OK


def _print(lines: Iterable[str]) -> int:
    for line in lines:
        click.echo(line)
    return ExitCode.OK
