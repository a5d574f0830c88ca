"""What `kindlings grade` does, by its options."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kindlings import results
from kindlings.errors import ExitCode, InfrastructureError, UsageError
from kindlings.grading import classes, report, submission
from kindlings.grading import one as single
from kindlings.grading.place import Place
from kindlings.grading.trusted import Limits, Target
from kindlings.plugin import SAFE_CONTEXTS
from kindlings.results import Results

if TYPE_CHECKING:
    from kindlings.grading.one import Assignment
    from kindlings.progress import Progress


@dataclass(frozen=True)
class Options:
    """The options of the command, by their names."""

    modules: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    out: Path | None = None
    lab_timeout: float = 300
    timeout: float = 1800
    kube_context: str | None = None
    any_kube_context: bool = False
    pass_env: tuple[str, ...] = ()
    student: str = ""
    jobs: int | None = None
    shard: str = ""
    merge: bool = False

    @property
    def target(self) -> Target:
        """Return the cluster to grade on. Raises UsageError for one that was hardly meant."""
        if self.kube_context and not self.any_kube_context and not SAFE_CONTEXTS.match(self.kube_context):
            raise UsageError(
                f"--kube-context {self.kube_context} is not a cluster of kind, minikube, k3d or "
                "docker-desktop; kindlings creates and deletes namespaces in it.",
                "Add --any-kube-context if you mean it.",
            )
        return Target(self.kube_context, self.any_kube_context, self.pass_env)


def run(given: tuple[Path, ...], options: Options, progress: Progress) -> int:
    """Grade a submission or a class, or merge what was graded; return 0 where all of it is graded."""
    if options.merge:
        return _told(classes.merge(given), options.out or Path("grades"))
    if len(given) != 1:
        raise UsageError("Give one submission, one folder of submissions, or one CSV of them.")
    if options.jobs or options.shard or given[0].is_file():
        return several(given[0], options, progress)
    return one(given[0], options, progress)


def several(given: Path, options: Options, progress: Progress) -> int:
    """Grade a class, or a shard of it."""
    students = classes.students(given)
    if options.shard:
        students = classes.shard(students, options.shard)
    out = options.out or Path("grades")
    task = prepared(options, progress)
    return _told(classes.grade(students, task, out, options.jobs or 1, options.formats, progress), out)


def _told(runs: list[Results], out: Path) -> int:
    sys.stdout.write(classes.write(runs, out) + f"\n{out / 'grades.csv'} has the points\n")
    return ExitCode.OK if all(run.graded for run in runs) else ExitCode.INFRASTRUCTURE


def one(folder: Path, options: Options, progress: Progress) -> int:
    """Grade one submission, and return 0 where it was graded, whatever its points."""
    where = report.destinations(options.formats, options.out)
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder.")
    try:
        task = prepared(options, progress)
    except InfrastructureError as error:
        # Formats with a form for it must say that nothing was graded; an old score must not stay.
        now, name = results.now(), options.student or submission.student(folder)
        report.write(Results("none", now, now, name, trouble=error.message), where)
        raise
    run = single.grade(folder, task, student=options.student, commit=os.environ.get("GITHUB_SHA", ""))
    printed = report.write(run, where)
    sys.stdout.write(printed or report.text(run) + "\n")
    if printed and not run.graded:
        sys.stderr.write(report.total(run) + "\n")
    return ExitCode.OK if run.graded else ExitCode.INFRASTRUCTURE


def prepared(options: Options, progress: Progress) -> Assignment:
    """Return the assignment, its cluster being up and its tests known."""
    target, limits = options.target, Limits(options.lab_timeout, options.timeout)
    task = single.assignment(options.modules, target, limits)
    place = Place(target, progress)
    versions = {**task.versions, "kubernetes": place.kubernetes}
    return replace(task, versions=versions, healthy=place.healthy, silent_nodes=place.silent_nodes)
