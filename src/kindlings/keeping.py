"""Keeps the results of a pytest run in a file, from its first test on: --kindlings-json.

All tests are in the file from the start, so that a run that is killed leaves what it had, and what it lacked.
With xdist the process that reports keeps them; the workers, which collect, tell it what they have found.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from kindlings import lesson, results
from kindlings.errors import ExitCode, InfrastructureError
from kindlings.results import Outcome, Results, Running, TestResult

if TYPE_CHECKING:
    from collections.abc import Sequence

_FOUND: Final = "kindlings_found"
"""The key under which a worker is told where to write down what it has collected."""


class Keeper:
    """A plugin of pytest's that writes each test's result as soon as there is one."""

    NAME: Final = "kindlings-keeper"

    def __init__(self, config: pytest.Config, run: str) -> None:
        """Keep the results of the run of that name."""
        self._path = Path(config.getoption("kindlings_json")).absolute()
        self._worker: dict[str, Any] | None = getattr(config, "workerinput", None)
        self._found: Path | None = None
        self._results = Results(run, results.now(), versions=results.versions())
        self._tests: dict[str, TestResult] = {}
        self._running: dict[str, Running] = {}
        self._with_lab: set[str] = set()

    # What is to come.

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Put down all tests as not attempted; a worker does so before its process reports them."""
        found = {item.nodeid: describe(item) for item in session.items}
        if self._worker is not None:
            plain = {node: asdict(one) for node, one in found.items()}
            results.write(Path(self._worker[_FOUND]), json.dumps(plain))
            return
        self._tests = found
        self._with_lab = {item.nodeid for item in session.items if "lab" in getattr(item, "fixturenames", ())}
        self._write()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of xdist's where to write down what it collects."""
        if self._found is None:
            handle, name = tempfile.mkstemp(prefix="kindlings-collected-", suffix=".json")
            os.close(handle)
            self._found = Path(name)
        node.workerinput[_FOUND] = str(self._found)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Sequence[str]) -> None:
        """Put down what a worker has collected, which is what every worker has."""
        del node
        if not self._tests and ids and self._found is not None:
            told = json.loads(self._found.read_text(encoding="utf-8"))
            read = {one: TestResult(**{**told[one], "outcome": Outcome(told[one]["outcome"])}) for one in ids}
            self._tests = read
            self._write()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a lesson that cannot be read: it is nobody's zero."""
        if report.failed:
            self._results = replace(self._results, trouble=f"{report.nodeid} cannot be collected")

    # What has come.

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Note which test is under way: it may be the one that never ends."""
        if nodeid in self._tests and self._worker is None:
            self._running[nodeid] = Running(self._tests[nodeid].id, time.time(), nodeid in self._with_lab)
            self._write()

    def opened(self, item: pytest.Item) -> None:
        """Note that a test's lab is open: its turn has come, and its time runs from now."""
        if (begun := self._running.get(item.nodeid)) is not None:
            now = time.time()
            self._results = replace(self._results, waited=self._results.waited + now - begun.since)
            self._running[item.nodeid] = replace(begun, since=now, queued=False)
            self._write()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add one phase of a test."""
        if self._worker is None and report.nodeid in self._tests:
            self._tests[report.nodeid] = _with(self._tests[report.nodeid], report)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Write the test's result."""
        if self._running.pop(nodeid, None) is not None:
            self._write()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Write that the run has come to its end."""
        if self._worker is None:
            # What is under way still was interrupted, and stands in the file as such.
            self._results = replace(self._results, finished=results.now())
            self._write()
        if self._found is not None:
            self._found.unlink(missing_ok=True)

    def _write(self) -> None:
        under_way = tuple(self._running.values())
        self._results = replace(self._results, tests=tuple(self._tests.values()), running=under_way)
        try:
            results.write(self._path, results.to_json(self._results))
        except InfrastructureError as error:
            # A run that cannot keep what it judges need not go on; what was kept before stays.
            pytest.exit(str(error), ExitCode.INFRASTRUCTURE)


def describe(item: pytest.Item) -> TestResult:
    """Return a collected test as one that has not been attempted."""
    about = lesson.of(getattr(item, "function", None), item.path.parent.name, item.iter_markers())
    return TestResult(
        module=about.module,
        lab=item.path.stem.removeprefix("test_"),
        name=item.name,
        title=about.title,
        max_points=about.points,
        required=about.required,
    )


def _with(test: TestResult, report: pytest.TestReport) -> TestResult:
    """Return the test with a phase more; what fails after a verdict does not undo it."""
    test = replace(test, seconds=round(test.seconds + report.duration, 3))
    judged = test.outcome is not Outcome.NOT_ATTEMPTED or bool(test.message)
    outcome = Outcome(getattr(report, "kindlings_outcome", Outcome.ERROR))
    if judged and (outcome is not Outcome.FAILED or test.outcome is not Outcome.PASSED):
        return test
    if outcome is Outcome.PASSED:
        if report.when != "call":
            return test
        return replace(test, outcome=outcome, points=test.max_points)
    return replace(test, outcome=outcome, points=0, message=_text(report))


def _text(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return report.longreprtext
