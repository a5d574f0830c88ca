"""The part of the pytest plugin that notes each lab's verdict in the learner's folder.

The process that runs a test looks at the learner's files before and after it, and the one that reports
writes: with xdist those are two.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kindlings.desk import home, syllabus
from kindlings.desk.journal import Journal, Verdict
from kindlings.errors import KindlingsError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from kindlings.desk.syllabus import Exercise

Stamp = tuple[int, int]
"""A file's size, and the time of its last change in nanoseconds."""
Look = dict[str, tuple[Stamp, str]]
"""By file names, how a folder's files are at a moment."""


class Recording:
    """Notes verdicts, where a learner's own files are judged."""

    NAME = "kindlings-recording"

    def __init__(self, *, reports: bool) -> None:
        """Begin with nothing known; the process that `reports` is the one that writes."""
        self._reports = reports
        self._collected: dict[Path, Stamp | None] = {}
        self._exercises: dict[Path, list[Exercise]] = {}
        self._before: Look = {}
        self.trouble = ""
        """Why a verdict could not be written down, for the run's last lines."""

    # In the process that runs the test.

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Remember which content of a test file was read."""
        if item.path not in self._collected and home.of_test(item.path) is not None:
            self._collected[item.path] = stamp(item.path)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Look at the learner's files before the test reads them."""
        if item.path in self._collected:
            self._before = look(item.path.parent)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add to a verdict's report what it was given on."""
        report = yield
        ours = item.path in self._collected and not getattr(report, "kindlings_infrastructure", False)
        if ours and (report.failed or (report.when == "call" and report.passed)):
            noted = self._noted(item)
            if noted is not None:
                report.kindlings_noted = noted  # type: ignore[attr-defined] # carried by xdist
        return report

    def _noted(self, item: pytest.Item) -> dict[str, Any] | None:
        exercise = self._exercise(item)
        if exercise is None:
            return None
        lab = getattr(item, "funcargs", {}).get("lab")
        taken = dict.fromkeys([*(lab.files if lab else ()), *exercise.files]) or self._before
        after = look(item.path.parent)
        # What was saved while the test ran may have been read or not: then it is a verdict on neither.
        files = {
            file: after[file][1] if file in after and after[file] == self._before.get(file) else ""
            for file in taken
        }
        same = stamp(item.path) == self._collected[item.path]
        return {
            "source": str(item.path),
            "key": exercise.key,
            "test": exercise.definition if same else "",
            "files": files,
        }

    def _exercise(self, item: pytest.Item) -> Exercise | None:
        if item.path not in self._exercises:
            try:
                self._exercises[item.path] = syllabus.read(item.path)
            except KindlingsError:
                self._exercises[item.path] = []
        name = getattr(item, "originalname", item.name)
        return next((one for one in self._exercises[item.path] if one.test == name), None)

    # In the process that reports.

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write a verdict down; a folder that cannot be written to costs no lab its verdict."""
        noted: Mapping[str, Any] | None = getattr(report, "kindlings_noted", None)
        place = home.of_test(Path(noted["source"])) if noted and self._reports else None
        if noted is None or place is None:
            return
        verdict = Verdict.now(passed=report.passed, test=noted["test"], files=noted["files"])
        try:
            Journal(place).note(noted["key"], verdict)
        except (OSError, KindlingsError) as error:
            self.trouble = str(getattr(error, "strerror", None) or error).splitlines()[0]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what could not be written down."""
        if self.trouble:
            terminalreporter.write_line(f"your progress was not noted: {self.trouble}")


def stamp(path: Path) -> Stamp | None:
    """Return what changes about a file when somebody writes it, or None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def look(module: Path) -> Look:
    """Return, for each of the learner's files in a module's folder, its stamp and its content's digest."""
    found: Look = {}
    for path in home.learners(module):
        before = stamp(path)
        if before is not None:
            found[path.name] = (before, home.digest(path))
    return found
