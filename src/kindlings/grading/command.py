"""What `kindlings grade` does, by its options."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kindlings.errors import ExitCode, UsageError
from kindlings.grading import one as single
from kindlings.grading import report
from kindlings.grading.place import Place
from kindlings.grading.trusted import Limits, Target
from kindlings.plugin import SAFE_CONTEXTS

if TYPE_CHECKING:
    from pathlib import Path

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


def one(folder: Path, options: Options, progress: Progress) -> int:
    """Grade one submission, and return 0 where it was graded, whatever its points."""
    where = report.destinations(options.formats, options.out)
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder.")
    run = single.grade(
        folder, prepared(options, progress), student=options.student, commit=os.environ.get("GITHUB_SHA", "")
    )
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
    return replace(task, versions=versions, healthy=place.healthy)
