"""Runs mutants on the cluster, many at once, in processes of their own."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from kindlings.errors import InfrastructureError, KindlingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.process import BaseProcess
    from multiprocessing.queues import Queue

    from kindlings.authoring.judging import Verdict
    from kindlings.authoring.mutants import Mutant
    from kindlings.cluster.kind import Cluster
    from kindlings.progress import Progress
    from kindlings.session import Session

_GRACE = 60.0
"""Seconds in which a process that was interrupted deletes its namespaces."""


@dataclass(frozen=True)
class Stopped:
    """A process has come to its end, with trouble or without."""

    trouble: str = ""


def run(
    mutants: Sequence[Mutant], progress: Progress, jobs: int, minutes: float | None = None
) -> Iterator[Verdict]:
    """Yield each mutant's verdict as it comes, of those that are begun within `minutes`.

    The cluster must be up. Raises InfrastructureError where a process cannot go on.
    """
    context = multiprocessing.get_context("spawn")  # a fork would share our connections
    tasks: Queue[Mutant | None] = context.Queue()
    verdicts: Queue[Verdict | Stopped] = context.Queue()
    until = time.time() + minutes * 60 if minutes else None
    jobs = min(jobs, len(mutants)) or 1
    for one in (*mutants, *[None] * jobs):
        tasks.put(one)
    name = os.urandom(4).hex()
    processes = [
        context.Process(target=work, args=(tasks, verdicts, f"{name}-{number}", until), daemon=True)
        for number in range(jobs)
    ]
    for process in processes:
        process.start()
    try:
        with progress.step(f"Judging {len(mutants)} mutants", len(mutants)) as step:
            for verdict in _verdicts(verdicts, processes):
                step.advance(1, verdict.mutant)
                yield verdict
    finally:
        tasks.cancel_join_thread()
        _end(processes)


def _verdicts(verdicts: Queue[Verdict | Stopped], processes: Sequence[BaseProcess]) -> Iterator[Verdict]:
    """Yield verdicts until every process has said that it has stopped."""
    running = len(processes)
    while running:
        try:
            found = verdicts.get(timeout=1)
        except queue.Empty:
            if any(process.exitcode not in {None, 0} for process in processes):
                raise InfrastructureError(
                    "A process that judged mutants ended without a word.", "Run it again with --resume."
                ) from None
            continue
        if isinstance(found, Stopped):
            running -= 1
            if found.trouble:
                raise InfrastructureError(found.trouble, "Run it again with --resume.")
        else:
            yield found


def _end(processes: Sequence[BaseProcess]) -> None:
    """Let the processes tidy up, and end those that do not."""
    until = time.monotonic() + _GRACE
    for process in processes:
        process.join(max(0.0, until - time.monotonic()))
        if process.is_alive():
            process.terminate()


def work(
    tasks: Queue[Mutant | None], verdicts: Queue[Verdict | Stopped], run: str, until: float | None
) -> None:
    """Judge mutants until there is none left, or no time; in a process of its own."""
    from kindlings.authoring.judging import Judge  # noqa: PLC0415 - needs the cluster's libraries

    with contextlib.suppress(KeyboardInterrupt), tempfile.TemporaryDirectory(prefix="kindlings-") as folder:
        try:
            session = connect(run)
            judge = Judge(session, Path(folder))
            try:
                for mutant in iter(tasks.get, None):
                    if until is not None and time.time() > until:
                        break
                    verdicts.put(judge.judge(mutant))
            finally:
                session.end(keep=False)
        except KindlingsError as error:
            verdicts.put(Stopped(str(error)))
        else:
            verdicts.put(Stopped())


def connect(run: str) -> Session:
    """Return a session on the course's cluster, which must be up. Raises InfrastructureError."""
    from kindlings.cluster.images import course_images  # noqa: PLC0415 - needs the cluster's libraries
    from kindlings.cluster.up import attach  # noqa: PLC0415 - the same
    from kindlings.session import Session  # noqa: PLC0415 - the same

    cluster = attach()
    session = Session(cluster.kubeconfig_path, run, None, course_images(), cluster.kill_container)
    session.kubectl = cluster.kubectl_path
    session.node_ports = cluster.node_ports
    session.breakable = _breakable
    session.wipe = cluster.wipe
    return session


@cache
def _breakable() -> Cluster:
    """Return the cluster in which parts may be taken away, brought up where it is missing."""
    from kindlings.cluster import state  # noqa: PLC0415 - needs the cluster's libraries
    from kindlings.cluster.up import Settings, up  # noqa: PLC0415 - the same
    from kindlings.console import PlainProgress  # noqa: PLC0415 - the same
    from kindlings.progress import Hushed  # noqa: PLC0415 - the same

    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        return up(Hushed(PlainProgress(nowhere)), Settings(name=state.break_name(state.chosen_name())))
