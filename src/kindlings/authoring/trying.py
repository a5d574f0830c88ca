"""What only a cluster can tell of the course: whether solutions pass, and how all else fails.

Untouched exercises fail by assertion; the learners of wrong answers read what lies beside them.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kindlings import course, results
from kindlings.authoring import answers, running
from kindlings.desk import syllabus
from kindlings.errors import InfrastructureError
from kindlings.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kindlings.authoring.answers import Reading
    from kindlings.progress import Progress
    from kindlings.results import Results, TestResult

_WORKERS: Final = 4
"""Processes that run tests, where pytest-xdist is installed."""
_AT_ONCE: Final = 3
"""How many wrong answers are judged at the same time."""


def complaints(modules: Sequence[str], progress: Progress) -> Iterator[str]:
    """Yield what does not end as it should of the modules' solutions, exercises and wrong answers.

    Each is told as soon as it is known. Raises InfrastructureError where a run gives no results.
    """
    solved = _solved(modules, progress)
    yield from (said for one in solved.tests if (said := _of_solution(one)))
    yield from _of_points(modules, solved)
    progress.say("The untouched exercises, which fail")
    # As a grader has it: the learner's own progress is not touched by it.
    untouched = run(modules, "--manifests", str(course.exercises()))
    yield from (said for one in untouched.tests if (said := _of_exercise(one)))
    for one in _readings([folder for module in modules for folder in answers.folders(module)], progress):
        yield from _of_answer(one)


def failing(modules: Sequence[str], progress: Progress) -> dict[str, list[str]]:
    """Return, for each module of which a solution does not pass, what is said of those that do not.

    Raises InfrastructureError where a run gives no results.
    """
    found: dict[str, list[str]] = {}
    for one in _solved(modules, progress).tests:
        if said := _of_solution(one):
            found.setdefault(one.module, []).append(said)
    return found


def _solved(modules: Sequence[str], progress: Progress) -> Results:
    progress.say("The solutions, which pass")
    return run(modules, "--solutions")


def _of_solution(one: TestResult) -> str:
    """Return what is wrong with a solution's result; nothing where it passed."""
    if one.outcome is Outcome.PASSED:
        return ""
    if one.outcome is not Outcome.FAILED:
        return f"{one.id}: its solution was not judged ({_trouble(one)}): {_again(one)}"
    return (
        f"{one.id}: its solution fails ({_why(one)}): mend it or the test; all that is said of it: "
        f"`pytest exercises/{one.module} --solutions -k {one.name}`"
    )


def _of_exercise(one: TestResult) -> str:
    """Return what is wrong with an untouched exercise's result; nothing where it failed by assertion."""
    if one.outcome is Outcome.PASSED:
        return f"{one.id}: the untouched exercise passes: take away what it should ask for"
    if one.outcome is not Outcome.FAILED:
        return f"{one.id}: the untouched exercise was not judged ({_trouble(one)}): {_again(one)}"
    lacking = [label for label in ("expected", "saw", "hint") if not results.part(one.message, label)]
    if lacking:
        return (
            f"{one.id}: the untouched exercise fails and does not say what was {' or '.join(lacking)} "
            f"({results.last_line(one.message)}): let the test wait for a condition of kindlings'"
        )
    return ""


def _of_points(modules: Sequence[str], solved: Results) -> Iterator[str]:
    """Yield where the points that a run gives are not those that the learner's list counts."""
    for module in modules:
        counted = {one.test: one.points for one in syllabus.tests(course.exercises() / module)}
        for one in solved.tests:
            if one.module == module and one.max_points != (listed := counted.get(one.name, 0)):
                yield (
                    f"{one.id}: a run gives it {one.max_points} points, `kindlings list` {listed}: "
                    "mark it points(N), with N a number"
                )


def _of_answer(one: Reading) -> Iterator[str]:
    """Yield what is wrong with a wrong answer: that it passes, or what its learner reads instead."""
    if one.trouble:
        yield f"{one.name}: not judged ({one.trouble}): run this again"
    elif not one.read:
        yield f"{one.name}: it passes: make it wrong, or let a test find what is wrong with it"
    elif not one.is_same:
        file, module = one.folder.name, one.folder.parent.name
        anew = f"pytest tests/cluster/test_wrong_answers.py -k {module}-{file} --record"
        yield "\n".join(
            [
                f"{one.name}: its learner reads something else; if that is right: `{anew}`",
                *(f"  {line}" for line in one.difference()),
            ]
        )


def _readings(folders: Sequence[Path], progress: Progress) -> Iterator[Reading]:
    """Yield what the learners of wrong answers read, some judged at once, each as it is known."""
    if not folders:
        return
    name = os.urandom(4).hex()
    with ExitStack() as ending:
        free = []
        for number in range(min(_AT_ONCE, len(folders))):
            free.append(running.connect(f"{name}-{number}"))
            ending.callback(free[-1].end, keep=False)

        def read(folder: Path) -> Reading:
            session = free.pop()
            try:
                return answers.reading(folder, session)
            finally:
                free.append(session)

        with (
            progress.step("Wrong answers, whose learners read what lies beside them", len(folders)) as step,
            ThreadPoolExecutor(len(free)) as pool,
        ):
            for one in pool.map(read, folders):
                step.advance(1, one.folder.name)
                yield one


def run(modules: Sequence[str], *arguments: str) -> Results:
    """Run the modules with pytest in a process of its own. Raises InfrastructureError without results."""
    folders = [f"exercises/{module}" for module in modules]
    with tempfile.TemporaryDirectory() as kept:
        file = Path(kept) / "results.json"
        command = [sys.executable, "-m", "pytest", *folders, *arguments, "--kindlings-json", str(file)]
        quiet = ["-q", "--no-header", "--no-summary", "-p", "no:cacheprovider"]
        workers = ["-n", str(_WORKERS)] if importlib.util.find_spec("xdist") else []
        # CI: no namespace of a failed lab stays.
        finished = subprocess.run(
            [*command, *quiet, *workers], cwd=course.root(), env={**os.environ, "CI": "true"}, check=False
        )
        if not file.exists():
            raise InfrastructureError(f"pytest ended with {finished.returncode} and gave no results.")
        return results.from_json(file.read_text(encoding="utf-8"))


def _why(one: TestResult) -> str:
    """Return why a test failed, in a line."""
    saw, because = (results.part(one.message, label) for label in ("saw", "because"))
    return ", because ".join(part for part in (saw, because) if part) or results.last_line(one.message)


def _trouble(one: TestResult) -> str:
    return results.part(one.message, "trouble") or results.last_line(one.message) or str(one.outcome)


def _again(one: TestResult) -> str:
    """Return what to do about a test that was not judged."""
    return results.part(one.message, "do") or "run this again"
