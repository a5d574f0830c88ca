"""Grades one submission: every test that is expected ends with an outcome, or the run is not graded."""

from __future__ import annotations

import secrets
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kindlings import results
from kindlings.errors import InfrastructureError
from kindlings.grading import submission, trusted
from kindlings.grading.trusted import Limits, Run, Target
from kindlings.results import Outcome, Results, TestResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from kindlings.grading.submission import Submission

_AGAIN: Final = 3
"""How often a run is taken up again that ended before its last test, and not by a limit of ours."""


@dataclass(frozen=True)
class Assignment:
    """What a class is graded by: modules of the installed course, on a cluster, within limits."""

    modules: tuple[str, ...]
    tests: tuple[TestResult, ...]
    """What is expected of every run, none of it attempted."""
    target: Target = field(default_factory=Target)
    limits: Limits = field(default_factory=Limits)
    versions: Mapping[str, str] = field(default_factory=dict)
    healthy: Callable[[], bool] = lambda: True
    """Tells whether the cluster answers: a limit that is reached on a dead one is no learner's."""
    silent_nodes: Callable[[], Sequence[str]] = tuple
    """Gives the nodes that have gone silent, for the same reason."""

    def content(self, handed_in: Submission) -> str:
        """Return a hash of the files and of all that decides how they are judged."""
        versions = [f"{name}={version}" for name, version in sorted(self.versions.items())]
        return handed_in.content(submission.lessons(self.modules), *self.modules, *versions)


def assignment(modules: Iterable[str], target: Target, limits: Limits) -> Assignment:
    """Return the assignment of these modules, whose tests the installed lessons tell.

    Raises UsageError for an unknown module, InfrastructureError where the lessons cannot be collected.
    """
    chosen = tuple(submission.modules(tuple(modules)))
    with tempfile.TemporaryDirectory(prefix="kindlings-grade-") as folder:
        tests = Run(Path(folder), target).collect(chosen)
    return Assignment(chosen, tests, target, limits, results.versions())


def grade(folder: Path, task: Assignment, *, student: str = "", commit: str = "") -> Results:
    """Return the results of what `folder` holds.

    Trouble with the run is in the results, and never a zero. Raises UsageError where there is no such folder,
    InfrastructureError where the disk fails or is full.
    """
    handed_in = submission.read(folder, task.modules)
    made = Results(
        run=secrets.token_hex(4),
        started=results.now(),
        student=student or submission.student(folder),
        commit=commit,
        versions=task.versions,
        tests=task.tests,
        notes=handed_in.notes,
        content=task.content(handed_in),
    )
    try:
        with tempfile.TemporaryDirectory(prefix="kindlings-grade-") as private:
            run = Run(Path(private), task.target)
            handed_in.copy_to(run.manifests, task.modules)
            made = _judged(made, run, task)
    except OSError as error:
        raise InfrastructureError(
            f"A submission cannot be copied to {tempfile.gettempdir()} to be graded: {error.strerror}.",
            "Make room there, or set TMPDIR to a folder that has it.",
        ) from None
    annotated = [_annotated(one, handed_in) for one in made.tests]
    return replace(made.having(annotated), finished=results.now())


def _judged(made: Results, run: Run, task: Assignment) -> Results:
    """Run the tests; where a run ends before its last test, take it up behind the test that it ended in."""
    until, crashes = time.monotonic() + task.limits.run, 0
    while waiting := [one for one in made.tests if _unreached(one)]:
        ended = run.judge(waiting, replace(task.limits, run=max(0.0, until - time.monotonic())))
        until += ended.kept.waited if ended.kept else 0.0
        made = _merged(made, ended, task)
        made = made.having(barred(made.tests))
        crashes += ended.cut != "lab" or not ended.late
        if made.trouble or crashes > _AGAIN:
            break
    missing = [one for one in made.tests if _unreached(one)]
    if missing and not made.trouble:
        made = replace(made, trouble=f"{len(missing)} tests were not run, {missing[0].id} the first")
    return made


def _unreached(one: TestResult) -> bool:
    return one.outcome is Outcome.NOT_ATTEMPTED and not one.message


def _merged(made: Results, ended: trusted.Ended, task: Assignment) -> Results:
    """Take over what a run has kept of the expected tests, and say what became of the one it ended in."""
    told = ended.kept.tests if ended.kept else ()
    made = made.having(one for one in told if not _unreached(one))
    under_way = {one.id for one in ended.kept.running} if ended.kept else set()
    if not ended.cut:
        why = trusted.explained(ended)
        lost = [one for one in made.tests if one.id in under_way and _unreached(one)]
        made = made.having(replace(one, outcome=Outcome.ERROR, message=f"{why}.") for one in lost)
        return made if lost or not why else replace(made, trouble=why)
    if ended.cut == "queue":
        return replace(made, trouble="A test waited half an hour for node ports that another run holds")
    if sick := _ailing(task):
        return replace(made, trouble=sick)
    if ended.cut == "lab":
        hung = [one for one in made.tests if one.id in ended.late and _unreached(one)]
        why = f"stopped after {task.limits.lab:.0f} s, the time limit of a lab"
        cut = tuple(f"{one.id}: {why}." for one in hung)
        made = made.having(replace(one, outcome=Outcome.FAILED, points=0, message=why) for one in hung)
        return replace(made, cut=made.cut + cut)
    why = f"not reached within {task.limits.run:.0f} s, the time limit of the whole run"
    rest = [one for one in made.tests if _unreached(one)]
    if not rest:
        return made
    made = made.having(replace(one, message=why) for one in rest)
    return replace(made, cut=(*made.cut, f"{len(rest)} tests {why}, {rest[0].id} the first."))


def _ailing(task: Assignment) -> str:
    """Return what is wrong with the cluster on which a limit was reached, or nothing."""
    try:
        silent = task.silent_nodes() if task.healthy() else None
    except InfrastructureError as error:
        return error.message.rstrip(".")
    if silent is None:
        return "The cluster does not answer"
    return f"A time limit was reached while the cluster had lost {', '.join(silent)}" if silent else ""


def barred(tests: Iterable[TestResult]) -> list[TestResult]:
    """Return the tests with those marked that come behind a failed required test of their lab."""
    first: dict[tuple[str, str], TestResult] = {}
    found: list[TestResult] = []
    for one in tests:
        bar = first.get((one.module, one.lab))
        if bar is not None and _unreached(one):
            found.append(replace(one, message=f"not attempted: {bar.title.rstrip('.')}, that comes first"))
            continue
        found.append(one)
        if one.required and one.outcome is Outcome.FAILED:
            first.setdefault((one.module, one.lab), one)
    return found


def _annotated(one: TestResult, handed_in: Submission) -> TestResult:
    """Tell the learner whose file was not taken why it is missing."""
    for called, why in handed_in.refused.items():
        module, _, file = called.partition("/")
        if one.module == module and one.outcome is Outcome.FAILED and file in one.message:
            return replace(one, message=f"{one.message}\n  {'note':<10}{file or module} is {why}")
    return one
