"""`kindlings author mutate`: derive, judge, report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click

from kindlings.authoring import mutants, reporting, running, static
from kindlings.console import make_progress
from kindlings.errors import UsageError
from kindlings.progress import Hushed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import TextIO

    from kindlings.authoring.mutants import Derived, Mutant
    from kindlings.authoring.reporting import Report
    from kindlings.progress import Progress


_AT_ONCE: Final = 25
"""Verdicts that are written together: what a run that is killed may lose at the most."""


@dataclass(frozen=True)
class Options:
    """What the command may be told."""

    sample: int | None = None
    seed: int = 0
    jobs: int = 4
    minutes: float | None = None
    out: Path | None = None
    resume: bool = False
    only_list: bool = False
    static: bool = False


def perform(chosen: Sequence[str], options: Options, stream: TextIO) -> bool:
    """Do what the command says and return whether all is well; progress goes to `stream`."""
    if options.resume and options.out is None:
        raise UsageError("--resume goes on from the file of --out.", "Give --out FILE, too.")
    if options.resume and options.static:
        raise UsageError("--static takes a minute or two and begins anew.", "Leave --resume out.")
    derived = mutants.derive(chosen)
    taken = derived.mutants
    if options.sample:
        taken = mutants.sample(taken, options.sample, options.seed)
    if options.static:
        return _look(taken, options, make_progress(stream))
    if options.only_list:
        _say([one.id for one in taken])
        return True
    report = judge(derived, taken, options, make_progress(stream))
    _say(list(report.lines()))
    return report.is_well


def _look(taken: Sequence[Mutant], options: Options, progress: Progress) -> bool:
    """Say what preflight finds without a cluster: the numbers, or with --list what it does not find."""
    with progress.step(f"Looking at {len(taken)} mutants", len(taken)) as step:
        found = static.look(taken, lambda name: step.advance(1, name))
    if options.out is not None:
        static.write(options.out, found)
    _say([one.id for one in found.unseen] if options.only_list else list(found.lines()))
    return found.is_well


def judge(derived: Derived, taken: Sequence[Mutant], options: Options, progress: Progress) -> Report:
    """Return the report on the mutants `taken`; what is known is written now and then, and at the end."""
    from kindlings.cluster.up import up  # noqa: PLC0415 - brings the cluster's libraries

    known = reporting.read(options.out, taken) if options.resume and options.out else {}
    report = reporting.Report(taken, known, _whole(derived, taken))
    left = [one for one in taken if one.id not in known]
    if left:
        up(Hushed(progress))
    try:
        verdicts = running.run(left, progress, options.jobs, options.minutes) if left else ()
        for number, verdict in enumerate(verdicts, 1):
            report.verdicts[verdict.mutant] = verdict
            if options.out is not None and number % _AT_ONCE == 0:
                reporting.write(options.out, report, derived)
    finally:
        if options.out is not None:
            reporting.write(options.out, report, derived)
    return report


def _whole(derived: Derived, taken: Sequence[Mutant]) -> frozenset[str]:
    """Return the modules of which all mutants are taken."""
    kept = {one.id for one in taken}
    every = {one.module for one in derived.mutants}
    partly = {one.module for one in mutants.derive([*every]).mutants if one.id not in kept}
    return frozenset(every - partly)


def _say(lines: Sequence[str]) -> None:
    for line in lines:
        click.echo(line)
