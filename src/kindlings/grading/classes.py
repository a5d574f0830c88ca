"""Grades a class: several submissions at a time on one cluster, each with results of its own, and resumable.

What one student's submission does costs no other their grade. A student who is not graded is graded by the
next run of the same command; who is graded and has handed in nothing new is kept.
"""

from __future__ import annotations

import csv
import statistics
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from kindlings import results
from kindlings.console import duration
from kindlings.errors import InfrastructureError, UsageError
from kindlings.grading import one, report, submission, trusted
from kindlings.results import Outcome, Results
from kindlings.writers import gradebook, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from kindlings.grading.one import Assignment
    from kindlings.progress import Progress

KEPT: Final = "kindlings.json"
_HARDEST: Final = 10


@dataclass(frozen=True)
class Student:
    """Who hands in, and what."""

    name: str
    folder: Path
    commit: str = ""


def students(given: Path) -> list[Student]:
    """Return the students of a folder of submissions, or of a CSV with the columns name, path and commit.

    Paths are relative to the CSV; commit may be left out. Raises UsageError.
    """
    if given.is_dir():
        folders = sorted(path for path in given.iterdir() if path.is_dir() and not path.name.startswith("."))
        found = [Student(submission.student(path), path) for path in folders if not path.is_symlink()]
    else:
        found = _listed(given)
    if not found:
        raise UsageError(f"{given} holds no submission.", "Give a folder of folders, or a CSV of name,path.")
    names = [one_of.name for one_of in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"{given} has {', '.join(twice)} more than once.")
    return found


def _listed(given: Path) -> list[Student]:
    try:
        with given.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
        found = [
            Student(submission.plain(row["name"]), given.parent / row["path"], row.get("commit") or "")
            for row in rows
        ]
    except (OSError, UnicodeDecodeError, csv.Error, KeyError, TypeError) as error:
        raise UsageError(
            f"{given} cannot be read as a list of students: {type(error).__name__} {error}",
            "Its first line is name,path (and commit, if you like).",
        ) from None
    if missing := [str(student.folder) for student in found if not student.folder.is_dir()]:
        raise UsageError(f"There is no folder {', '.join(missing[:5])}.")
    return found


def shard(given: Sequence[Student], which: str) -> list[Student]:
    """Return the part of the class that `which`, "2/5", stands for. Raises UsageError."""
    part, _, parts = which.partition("/")
    if not (part.isdigit() and parts.isdigit() and 1 <= int(part) <= int(parts)):
        raise UsageError(f"--shard {which} is none of 1/N to N/N.")
    return list(given)[int(part) - 1 :: int(parts)]


def grade(
    given: Sequence[Student],
    task: Assignment,
    out: Path,
    jobs: int,
    formats: Sequence[str],
    progress: Progress,
) -> list[Results]:
    """Return the results of each student, those of an earlier run where nothing has changed.

    Every student's are in `out`/NAME as soon as there are some. Raises InfrastructureError where the cluster
    dies; what is graded by then is kept.
    """
    kept = {student.name: found for student in given if (found := _kept(student, task, out)) is not None}
    todo = [student for student in given if student.name not in kept]
    if kept:
        progress.say(f"{len(kept)} of {len(given)} have been graded before, and handed in nothing new")
    done = dict(kept)
    started = time.monotonic()
    title = f"Grading {len(todo)} submissions"
    with progress.step(title, len(todo)) as step, ThreadPoolExecutor(jobs) as pool:
        graded = {pool.submit(_one, student, task, out, formats): student for student in todo}
        try:
            for number, future in enumerate(as_completed(graded), 1):
                run = done[graded[future].name] = future.result()
                left = (time.monotonic() - started) / number * (len(todo) - number)
                step.advance(1, f"{report.total(run)}; about {duration(left)} to go")
                _demand_life(run, task, f"{sum(found.graded for found in done.values())} of {len(given)}")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            trusted.interrupt()
            raise
    return [done[student.name] for student in given]


def _demand_life(run: Results, task: Assignment, graded: str) -> None:
    if not run.graded and not task.healthy():
        raise InfrastructureError(
            f"The cluster does not answer; {graded} are graded.",
            f"{task.target.advice} The same command again grades the rest.",
        )


def _one(student: Student, task: Assignment, out: Path, formats: Sequence[str]) -> Results:
    try:
        run = one.grade(student.folder, task, student=student.name, commit=student.commit)
    except (InfrastructureError, UsageError) as error:
        # A folder that vanished, a disk that fails: nobody's zero, and no reason to leave the others out.
        now = results.now()
        run = Results("none", now, now, student.name, student.commit, trouble=error.message, tests=task.tests)
    folder = out / student.name
    results.write(folder / KEPT, results.to_json(run))
    report.write(run, dict(report.destinations(formats, folder)) if formats else {})
    return run


def _kept(student: Student, task: Assignment, out: Path) -> Results | None:
    """Return an earlier run's results that hold still, or None."""
    try:
        found = results.from_json((out / student.name / KEPT).read_text(encoding="utf-8"))
        same = found.content == task.content(submission.read(student.folder, task.modules))
    except (OSError, ValueError, UsageError):
        return None
    return replace(found, student=student.name) if found.graded and same else None


def merge(folders: Iterable[Path]) -> list[Results]:
    """Return the results that runs have left in `folders`; of a student's two, the graded one, the later one.

    Raises UsageError where there are none.
    """
    found: dict[str, Results] = {}
    for path in sorted(path for folder in folders for path in folder.glob(f"*/{KEPT}")):
        try:
            run = results.from_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise UsageError(f"{path} holds no results.", "Grade that student again.") from None
        other = found.get(run.student)
        if other is None or (run.graded, run.finished) > (other.graded, other.finished):
            found[run.student] = run
    if not found:
        raise UsageError(f"There are no results: no NAME/{KEPT} in the folders.")
    return [found[name] for name in sorted(found)]


def write(runs: Sequence[Results], out: Path) -> str:
    """Write grades.csv and summary.txt into `out`; return the summary."""
    results.write(out / "grades.csv", gradebook.write(runs))
    told = summary(runs)
    results.write(out / "summary.txt", told)
    return told


def summary(runs: Sequence[Results]) -> str:
    """Return how the class did: how many were graded, their points, the hardest tests, what was cut."""
    graded = [run for run in runs if run.graded]
    lines = [f"{len(graded)} of {len(runs)} students graded"]
    if graded:
        scores = [run.score for run in graded]
        most = max(run.max_score for run in graded)
        middle = f"median {statistics.median(scores):g}, mean {statistics.mean(scores):.1f}"
        lines.append(f"points: {middle}, lowest {min(scores)}, highest {max(scores)}, of {most}")
        lines += ["", "hardest tests (passed by):"]
        lines += [f"{share:>5.0%}  {name}" for name, share in _shares(graded).items()][:_HARDEST]
    lines += _listing("not graded; the same command again grades them:", {r.student: r.reason for r in runs})
    lines += _listing("cut by a time limit:", {run.student: " ".join(run.cut) for run in runs})
    lines += _listing("files that were not taken:", {run.student: " ".join(run.notes) for run in runs})
    return "\n".join(lines) + "\n"


def _shares(graded: Sequence[Results]) -> dict[str, float]:
    """Return the share of students who pass each test, the hardest first."""
    tries: dict[str, list[bool]] = {}
    for run in graded:
        for test in run.tests:
            if test.counts:
                tries.setdefault(text.name(test), []).append(test.outcome is Outcome.PASSED)
    shares = {name: sum(passed) / len(passed) for name, passed in tries.items()}
    return dict(sorted(shares.items(), key=lambda item: item[1]))


def _listing(title: str, told: Mapping[str, str]) -> list[str]:
    rows = [f"  {student}: {results.plain(said, 300)}" for student, said in told.items() if said]
    return ["", title, *rows] if rows else []
