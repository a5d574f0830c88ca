"""A class that is graded by the real command while a fault is waiting for the middle of somebody's lab."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import dataclass, field
from threading import Thread
from typing import TYPE_CHECKING, Final

from kindlings import course, results
from kindlings.cluster.api import KINDS, Api
from kindlings.console import PlainProgress
from kindlings.errors import ExitCode, InfrastructureError
from kindlings.grading import command, trusted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kindlings.cluster.api import Stream
    from kindlings.results import Results

UNTOUCHED: Final = "ada"
"""The first, for the fault waits until somebody is graded, and for another's Pod."""
SOLVED: Final = ("bob", "cyd", "dan")
ALL: Final = {**dict.fromkeys(SOLVED, 1.0), UNTOUCHED: 0.0}
"""The share of the points that each has without any fault."""
DEMANDING: Final = "gradescope"
"""A format that has a score or no file."""


@dataclass
class Class:
    """A class on one module, and what the command has left of it in `out`."""

    given: Path
    out: Path
    module: str
    said: io.StringIO = field(default_factory=io.StringIO)

    @classmethod
    def hand_in(cls, folder: Path, module: str) -> Class:
        """Have three hand in the solution, and one what they were given."""
        given = folder / "class"
        for name in SOLVED:
            shutil.copytree(course.solutions() / module, given / name / module)
        shutil.copytree(course.exercises() / module, given / UNTOUCHED / module)
        return cls(given, folder / "out", module)

    def grade(self, context: str = "") -> int:
        """Run `kindlings grade` over the class, two at a time; return its exit code."""
        options = command.Options(
            (self.module,), (DEMANDING,), self.out, 120, 240, kube_context=context or None, jobs=2
        )
        try:
            return command.run((self.given,), options, PlainProgress(self.said))
        except InfrastructureError as error:
            self.said.write(f"{error}\n")
            return ExitCode.INFRASTRUCTURE
        finally:
            trusted._STOPPED.clear()  # a flag of the process, which ends here at the prompt

    @property
    def runs(self) -> dict[str, Results]:
        """Return what is kept of each student of whom anything is."""
        read = [path.read_text(encoding="utf-8") for path in self.out.glob("*/kindlings.json")]
        return {run.student: run for run in map(results.from_json, read)}

    @property
    def graded(self) -> dict[str, Results]:
        """Return the runs of those who have a grade."""
        return {name: run for name, run in self.runs.items() if run.graded}

    @property
    def shares(self) -> dict[str, float]:
        """Return the share of the points of those who have a grade."""
        return {name: run.score / run.max_score for name, run in self.graded.items()}

    @property
    def scores_written(self) -> dict[str, float]:
        """Return the points that stand in files of the format that demands some."""
        found = self.out.glob(f"*/{DEMANDING}.json")
        return {path.parent.name: json.loads(path.read_text(encoding="utf-8"))["score"] for path in found}


class Strike:
    """Does harm in the middle of a lab: as soon as one has made a Pod once a student is graded."""

    def __init__(self, kubeconfig: Path, out: Path, harm: Callable[[], object]) -> None:
        """Begin to watch the cluster of `kubeconfig`."""
        self.done = False
        self._out, self._harm = out, harm
        admin, path = Api(kubeconfig), KINDS["Pod"].path()
        since = admin.get(path)["metadata"]["resourceVersion"]
        self._stream = admin.stream(path, watch="true", resourceVersion=since)
        self._trouble: list[BaseException] = []
        self._thread = Thread(target=self._watch, args=(self._stream,), daemon=True)
        self._thread.start()

    def _watch(self, stream: Stream) -> None:
        for line in stream:
            event = json.loads(line)
            of_a_lab = event["object"]["metadata"]["namespace"].startswith("module")
            if event["type"] == "ADDED" and of_a_lab and any(self._out.glob("*/kindlings.json")):
                try:
                    self._harm()
                except InfrastructureError as error:
                    self._trouble.append(error)
                self.done = True
                return

    def end(self) -> None:
        """End the watching. Raises InfrastructureError where the harm could not be done."""
        self._stream.close()
        self._thread.join()
        if self._trouble:
            raise self._trouble[0]
