"""Runs one mutant against the lessons that use its file, and says what a learner would have read."""

from __future__ import annotations

import importlib.util
import re
import shutil
import time
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pytest

from kindlings import course, lesson, manifests
from kindlings.authoring import mutants
from kindlings.cluster.api import KINDS, Refusal
from kindlings.errors import KindlingsError, LabFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import CodeType, ModuleType

    from kindlings.authoring.mutants import Mutant
    from kindlings.errors import Findings
    from kindlings.lab import Lab
    from kindlings.lesson import Lesson
    from kindlings.manifests import Document
    from kindlings.session import Session

_NAME: Final = "mutant"
"""What a mutant's namespace is called after, in place of a test: no learner's namespace is taken for it."""
_PREDICTIONS: Final = "predictions.yaml"
"""The file that Lab.prediction takes where none is named."""


class Outcome(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    """A test failed as a learner's would."""
    SURVIVED = "survived"
    """Every test that uses the file passed."""
    SAME = "same"
    """As survived, and the API server makes the same objects of it as of the solution."""
    ERROR = "error"
    """A test ended otherwise than by LabFailure: a defect, ours or the machine's."""


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant, and by which test, after how many seconds, with which message."""

    mutant: str
    outcome: Outcome
    test: str = ""
    seconds: float = 0.0
    """From the moment when the first of the learner's files was used to the failure."""
    named: bool = False
    """Whether the because line names the mutant's file and line."""
    message: str = ""
    """What the learner reads, or the error."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


@dataclass(frozen=True)
class Test:
    """A lesson's test."""

    __test__ = False  # of pytest's, this is none

    function: Callable[[Lab], None]
    about: Lesson

    def uses(self, file: str) -> bool:
        """Tell whether the test's own text names the file, or reads it without naming it."""
        code: CodeType = self.function.__code__
        named = {one for one in code.co_consts if isinstance(one, str)}
        if file == _PREDICTIONS and "prediction" in code.co_names:
            return not any(one.endswith(".yaml") for one in named)
        return file in named


@cache
def tests(module: str) -> tuple[Test, ...]:
    """Return the tests of a module's lessons, in the order in which pytest runs them."""
    found: list[Test] = []
    for path in sorted((course.exercises() / module).glob("test_*.py")):
        loaded = _load(f"{module}_{path.stem}", path)
        everywhere = getattr(loaded, "pytestmark", [])
        everywhere = everywhere if isinstance(everywhere, list) else [everywhere]
        for name, value in vars(loaded).items():
            if name.startswith("test_"):
                marks = [*getattr(value, "pytestmark", []), *(one.mark for one in everywhere)]
                found.append(Test(value, lesson.of(value, module, marks)))
    return tuple(found)


def _load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None  # noqa: S101 - what ends with .py has a loader
    assert spec.loader is not None  # noqa: S101 - the same
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@dataclass
class Judge:
    """Judges mutants one after the other, on one session's connections."""

    session: Session
    folder: Path
    """Where the mutants' files are put, for each module a folder of its own."""
    _solved: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """By file, what the API server makes of the solution."""

    def judge(self, mutant: Mutant) -> Verdict:
        """Run the tests that use the mutant's file until one fails."""
        folder = self._prepare(mutant.module)
        file = folder / mutant.file
        solved = file.read_text(encoding="utf-8")
        file.write_text(mutant.text, encoding="utf-8")
        try:
            return self._judge(mutant, folder)
        finally:
            file.write_text(solved, encoding="utf-8")

    def _judge(self, mutant: Mutant, folder: Path) -> Verdict:
        for number, test in enumerate(self._tests(mutant)):
            lab = self._open(test.about, folder)
            call = pytest.CallInfo.from_call(lambda test=test, lab=lab: test.function(lab), "call", _NOT_OURS)  # type: ignore[misc] # mypy knows no such lambda
            seconds = time.monotonic() - lab.began if lab.began else 0.0
            self._close(lab, test.about)
            if call.excinfo is not None:
                if isinstance(call.excinfo.value, LabFailure):
                    lab.complete(call.excinfo.value)
                return _verdict(mutant, test, call.excinfo, seconds, lab.files)
            if number == 0 and self._is_same(mutant, test.about, folder):
                return Verdict(mutant.id, Outcome.SAME)
        return Verdict(mutant.id, Outcome.SURVIVED)

    def _tests(self, mutant: Mutant) -> Iterator[Test]:
        for test in tests(mutant.module):
            if test.uses(mutant.file) and not self.session.unmet(test.about.needs):
                yield test

    def _prepare(self, module: str) -> Path:
        """Return a folder with the module's solutions."""
        folder = self.folder / module
        if not folder.exists():
            folder.mkdir()
            for path in mutants.files(module):
                shutil.copy(path, folder)
        return folder

    def _open(self, about: Lesson, folder: Path) -> Lab:
        """Open a lab, and have the next one's namespace made meanwhile."""
        lab = self.session.open(about, _NAME, folder)
        if not self.session.is_prepared(about, _NAME):
            self.session.prepare(about, _NAME)
        return lab

    def _close(self, lab: Lab, about: Lesson) -> None:
        """Most mutants are refused before there is any object, and leave a namespace as good as new."""
        if lab.untouched:
            self.session.give_back(lab, about, _NAME)
        else:
            self.session.close(lab, keep=False)

    def _is_same(self, mutant: Mutant, about: Lesson, folder: Path) -> bool:
        """Ask the API server, without having it keep anything, what it makes of mutant and solution."""
        if mutant.file.endswith(".sh"):
            return False
        lab = self._open(about, folder)
        try:
            key = f"{mutant.module}/{mutant.file}"
            if key not in self._solved:
                self._solved[key] = _defaulted(lab, course.solutions() / mutant.module / mutant.file)
            return self._solved[key] == _defaulted(lab, folder / mutant.file) != []
        except (Refusal, LabFailure):
            return False
        finally:
            self._close(lab, about)


_NOT_OURS: Final = (KeyboardInterrupt, SystemExit)


def _verdict(
    mutant: Mutant, test: Test, raised: pytest.ExceptionInfo[BaseException], seconds: float, files: list[str]
) -> Verdict:
    error, name = raised.value, test.function.__name__
    if isinstance(error, LabFailure):
        named = names(error.findings, mutant)
        message = test.about.failure(error.findings, files)
        return Verdict(mutant.id, Outcome.KILLED, name, seconds, named, message)
    text = str(error) if isinstance(error, KindlingsError) else str(raised.getrepr(style="short"))
    return Verdict(mutant.id, Outcome.ERROR, name, seconds, message=text)


def names(findings: Findings, mutant: Mutant) -> bool:
    """Tell whether a message's because line names the mutant's file, and the line that is to be mended."""
    place, because = findings.place, findings.because
    cited = {int(found) for found in re.findall(rf"\b{re.escape(mutant.file)}:(\d+)", because)}
    if place is not None and place.file == mutant.file:
        # The heading names the file, and the because line the line.
        cited |= {int(found) for found in re.findall(r"\bline (\d+)", because)}
        if not mutant.named:
            return bool(because)
    if not mutant.named:
        return mutant.file in because
    return bool(cited & mutant.named)


_OF_THE_SERVER: Final = frozenset(
    {"creationTimestamp", "generation", "managedFields", "namespace", "resourceVersion", "uid"}
)


def _defaulted(lab: Lab, path: Path) -> list[dict[str, Any]]:
    """Return what the API server makes of a file's objects, without what it makes up. Raises Refusal."""
    found = []
    for document in manifests.read(path).documents:
        if document.kind not in KINDS:
            return []
        place = KINDS[document.kind].path(lab.namespace)
        made = lab.learner.create(place, document.data, dryRun="All", fieldValidation="Strict")
        found.append(_without_made_up(made, document))
    return found


def _without_made_up(made: dict[str, Any], document: Document) -> dict[str, Any]:
    metadata = {key: value for key, value in made["metadata"].items() if key not in _OF_THE_SERVER}
    spec = dict(made.get("spec") or {})
    if document.kind == "Service":
        if not document.get("spec", "clusterIP"):
            spec["clusterIP"] = spec["clusterIPs"] = "any"
        given = document.get("spec", "ports") or []
        for asked, port in zip(given, spec.get("ports") or [], strict=True):
            port["nodePort"] = asked.get("nodePort", "any")
    return {**made, "metadata": metadata, "spec": spec, "status": None}
