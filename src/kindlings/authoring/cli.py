"""`kindlings author`: what the course's authors run."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kindlings.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable


@click.group()
def author() -> None:
    """Make the course, and see that its lessons find what is wrong."""


@author.command()
@click.argument("chosen", metavar="[MODULE | MODULE/FILE | ID]...", nargs=-1)
@click.option("--sample", type=click.IntRange(1), help="Take so many, of each module as many.")
@click.option("--seed", default=0, show_default=True, help="Which ones --sample takes.")
@click.option("--jobs", type=click.IntRange(1, 32), default=4, show_default=True, help="How many at once.")
@click.option("--minutes", type=click.FloatRange(0), help="Begin none after so many minutes.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write all verdicts to a file.")
@click.option("--resume", is_flag=True, help="Take from --out what still holds, and go on.")
@click.option("--list", "only_list", is_flag=True, help="List the mutants, and run none.")
@click.option("--static", is_flag=True, help="See what preflight finds alone; --list: what it does not find.")
def mutate(chosen: tuple[str, ...], **options: object) -> int:
    """Make each solution wrong in one place, in every way, and see that a test says so.

    Without an argument all modules are taken.
    """
    from kindlings.authoring import mutating  # noqa: PLC0415 - the cluster's modules take 0.3 s to import

    told = mutating.Options(**options)  # type: ignore[arg-type] # click knows the names and types
    return ExitCode.OK if mutating.perform(chosen, told, sys.stderr) else ExitCode.FAILED


@author.command()
@click.argument("chosen", metavar="[MODULE]...", nargs=-1)
@click.option("--check", is_flag=True, help="Write nothing; end with 1 where something would be written.")
@click.option("--offline", is_flag=True, help="Only the exercises, which need no cluster.")
@click.option("--kubernetes", metavar="VERSION", help="Tell what is otherwise on a version, or node image.")
@click.option("--write", is_flag=True, help="With --kubernetes: write its messages and what READMEs show.")
def regenerate(
    chosen: tuple[str, ...], *, check: bool, offline: bool, kubernetes: str | None, write: bool
) -> int:
    """Write the exercises from their solutions' marks, run the solutions, and record what the READMEs show.

    docs/writing-a-lab.md shows both kinds of marks.
    """
    from kindlings.authoring import regenerating  # noqa: PLC0415 - kept with its like

    modules = regenerating.modules(chosen)
    if kubernetes is not None and not (check or offline):
        from kindlings.authoring import comparing  # noqa: PLC0415 - the cluster's modules take 0.3 s to import
        from kindlings.console import make_progress  # noqa: PLC0415 - the same

        report = comparing.compare(modules, kubernetes, make_progress(sys.stderr), write=write)
        click.echo("\n".join(report.lines()))
        return ExitCode.OK if report.is_same else ExitCode.FAILED
    if kubernetes is not None or write:
        raise UsageError("--write goes with --kubernetes, which goes without --check and --offline.")
    drifted = [name for one in modules for name in regenerating.regenerate(one, write=not check)]
    for name in drifted:
        click.echo(f"{name}: {'is not what its solution says' if check else 'written'}")
    failing: dict[str, list[str]] = {}
    if not offline:
        from kindlings.authoring import replaying, trying  # noqa: PLC0415 - they take 0.3 s to import
        from kindlings.console import make_progress  # noqa: PLC0415 - the same

        progress = make_progress(sys.stderr)
        failing = trying.failing(modules, progress)
        for name, said in failing.items():
            click.echo("\n".join(said))
            click.echo(f"exercises/{name}/README.md: left as it is until the solutions pass")
        passing = [name for name in modules if name not in failing]
        for drift in replaying.record_all(passing, progress, write=not check):
            click.echo(drift.said)
            drifted.append(drift.block.place)
    if not drifted and not failing:
        shown = "" if offline else ", every solution passes, and every README shows what the cluster says"
        click.echo(f"Every exercise is what its solution says{shown}.")
    return ExitCode.FAILED if failing or (drifted and check) else ExitCode.OK


@author.command()
@click.argument("name", metavar="MODULE/FILE")
def mark(name: str) -> int:
    """Put marks into a solution, so that its present exercise can be written from it."""
    from kindlings.authoring import regenerating  # noqa: PLC0415 - kept with its like

    click.echo(regenerating.adopt(name))
    return ExitCode.OK


@author.command()
@click.argument("chosen", metavar="[MODULE]...", nargs=-1)
@click.option(
    "--cluster", is_flag=True, help="Also see that solutions pass, and exercises and wrong answers fail."
)
def check(chosen: tuple[str, ...], *, cluster: bool) -> int:
    """Look for what a module lacks: lesson, hints, points, solutions, wrong answers; each with what to do."""
    from kindlings.authoring import checking, regenerating  # noqa: PLC0415 - kept with its like

    modules, count = regenerating.modules(chosen), 0
    found: Iterable[str] = (one for module in modules for one in checking.check(module))
    if cluster:
        from kindlings.authoring import trying  # noqa: PLC0415 - the cluster's modules take 0.3 s to import
        from kindlings.console import make_progress  # noqa: PLC0415 - the same

        found = itertools.chain(found, trying.complaints(modules, make_progress(sys.stderr)))
    for complaint in found:
        click.echo(complaint)
        count += 1
    click.echo(f"{count} to mend." if count else f"{', '.join(modules)}: nothing to mend.")
    return ExitCode.FAILED if count else ExitCode.OK


@author.command()
@click.argument("module")
@click.argument("lab")
def new(module: str, lab: str) -> int:
    """Write the skeleton of LAB in MODULE: solution, exercise, test and a section of the lesson."""
    from kindlings.authoring import skeleton  # noqa: PLC0415 - kept with its like
    from kindlings.desk import home  # noqa: PLC0415 - kept with its like

    for path in skeleton.write(module, lab):
        click.echo(home.shown(path))
    click.echo(f"next: write what stands for FILL, then `kindlings author check {module}`")
    return ExitCode.OK
