"""What only a cluster can tell of the course: solutions pass, untouched exercises fail by assertion."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from kindlings import course, results
from kindlings.errors import InfrastructureError
from kindlings.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kindlings.results import Results


def complaints(modules: Sequence[str]) -> Iterator[str]:
    """Run the modules' solutions, then their exercises, and yield what does not end as it should.

    Raises InfrastructureError where a run gives no results.
    """
    for one in run(modules, "--solutions").tests:
        if one.outcome is not Outcome.PASSED:
            yield f"{one.id}: its solution ends as {one.outcome}: {_first(one.message)}"
    # As a grader has it: the learner's own progress is not touched by it.
    for one in run(modules, "--manifests", str(course.exercises())).tests:
        if one.outcome is Outcome.PASSED:
            yield f"{one.id}: the untouched exercise passes: take away what it should ask for"
        elif one.outcome is not Outcome.FAILED:
            yield f"{one.id}: the untouched exercise ends as {one.outcome}: {_first(one.message)}"


def run(modules: Sequence[str], *arguments: str) -> Results:
    """Run the modules with pytest in a process of its own. Raises InfrastructureError without results."""
    folders = [f"exercises/{module}" for module in modules]
    with tempfile.TemporaryDirectory() as kept:
        file = Path(kept) / "results.json"
        command = [sys.executable, "-m", "pytest", *folders, *arguments, "--kindlings-json", str(file)]
        quiet = ["-q", "--no-header", "--tb=no", "-p", "no:cacheprovider"]
        # CI: no namespace of a failed lab stays.
        finished = subprocess.run(
            [*command, *quiet], cwd=course.root(), env={**os.environ, "CI": "true"}, check=False
        )
        if not file.exists():
            raise InfrastructureError(f"pytest ended with {finished.returncode} and gave no results.")
        return results.from_json(file.read_text(encoding="utf-8"))


def _first(message: str) -> str:
    return message.partition("\n")[0]
