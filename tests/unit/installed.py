"""A copy of the package with a small course of its own, as a wheel would install it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

import kindlings
from kindlings import course

if TYPE_CHECKING:
    import pytest

    from kindlings.results import Results

LESSON: Final = '''
import os
import signal
import threading
from pathlib import Path

import pytest
from kindlings import files, results
from kindlings.errors import Findings, InfrastructureError, LabFailure


LOOKS = {"seen": "kindlings kubectl -n x get pods", "known": "kindlings kubectl explain pod"}


def full(path, text):
    raise InfrastructureError("There is no room.", "Make some.")


def check(request, name):
    folder = Path(request.config.getoption("manifests")) / request.path.parent.name
    text = files.load(folder / name, "a word").strip()
    if text == "hang":
        threading.Event().wait()
    if text == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if text == "full":
        results.write = full
    if text == "broken":
        raise InfrastructureError("The API server is gone.", "Run `kindlings up`.")
    if text in LOOKS:
        raise LabFailure(Findings("good", text, look=LOOKS[text]))
    if text == "show":
        raise LabFailure(Findings(str(sorted(os.environ)), os.getcwd()))
    if text != "good":
        raise LabFailure(Findings("good", text))


@pytest.mark.points(1)
def test_first(request):
    """The first file is good."""
    check(request, "first.yaml")


@pytest.mark.required
@pytest.mark.points(2)
def test_second(request):
    """The second file is good."""
    check(request, "second.yaml")


@pytest.mark.points(4)
def test_third(request):
    """The third file is good."""
    check(request, "third.sh")
'''
FILES: Final = ("first.yaml", "second.yaml", "third.sh")
ALL: Final = [("passed", 1), ("passed", 2), ("passed", 4)]
"""Outcome and points of each test where all files are good."""


def install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, lesson: str = LESSON, called: str = "module1"
) -> Path:
    """Copy the package into `folder` with one module, and let this process take it for the one it runs."""
    package = folder / "site" / "kindlings"
    ignored = shutil.ignore_patterns("__pycache__", "_course")
    shutil.copytree(Path(kindlings.__file__).parent, package, ignore=ignored)
    module = package / "_course" / "exercises" / called
    module.mkdir(parents=True)
    (module / "test_words.py").write_text(lesson, encoding="utf-8")
    (module / "README.md").write_text("# Words", encoding="utf-8")
    for name in FILES:
        (module / name).write_text("TODO", encoding="utf-8")
    monkeypatch.setattr(kindlings, "__file__", str(package / "__init__.py"))
    monkeypatch.setattr(course, "_PACKAGE", package)
    return package


def hand_in(folder: Path, *texts: str) -> Path:
    """Write a submission with the files of the course, in their order."""
    module = folder / "exercises" / "module1"
    module.mkdir(parents=True, exist_ok=True)
    for name, text in zip(FILES, texts, strict=False):
        (module / name).write_text(text, encoding="utf-8")
    return folder


def ended(run: Results) -> list[tuple[str, int]]:
    """Return outcome and points of each test."""
    return [(test.outcome.value, test.points) for test in run.tests]
