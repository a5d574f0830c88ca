"""Runs of the course as a learner or a grader starts them: another process, and what it reported."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Run:
    """A finished run: its exit code, its terminal output, and each test's outcome with its text.

    A test is called by its module and its name: module1/test_the_counter_becomes_ready.
    """

    code: int
    output: str
    outcomes: dict[str, tuple[str, str]]

    def of(self, module: str) -> dict[str, tuple[str, str]]:
        """Return the outcomes of one module."""
        return {name: ended for name, ended in self.outcomes.items() if name.startswith(f"{module}/")}

    def named(self, outcome: str) -> list[str]:
        """Return the tests that ended so: passed, failure, error or skipped."""
        return sorted(name for name, (ended, _) in self.outcomes.items() if ended == outcome)


def pytest_run(folder: Path, *arguments: str, cwd: Path = ROOT, **environment: str) -> Run:
    """Run pytest with `arguments` in `cwd`, its report kept in `folder`."""
    report = folder / "report.xml"
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments, f"--junitxml={report}", "-p", "no:cacheprovider"],
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=1200,
    )
    return Run(finished.returncode, finished.stdout, outcomes(report) if report.exists() else {})


def outcomes(report: Path) -> dict[str, tuple[str, str]]:
    """Return each test's outcome and text from a JUnit report of our own making."""
    found: dict[str, tuple[str, str]] = {}
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 - pytest wrote it just now
        ended = next((child for child in case if child.tag in {"failure", "error", "skipped"}), None)
        module = next(
            (part for part in case.get("classname", "").split(".") if part.startswith("module")), ""
        )
        name = f"{module}/{case.get('name', '')}"
        found[name] = ("passed", "") if ended is None else (ended.tag, ended.text or "")
    return found
