"""The course folder's memory: for each test its last verdict, and on what content of which files.

`.kindlings/progress.json`, format 1:

    {"format": 1, "labs": {"module1/test_pods.py::test_it_runs": {
        "outcome": "passed", "at": "2026-11-25T16:00:00Z", "test": DIGEST, "files": {"pod.yaml": DIGEST},
        "solved": true}}}

The file lies in the learner's folder, so it may hold anything: what is not of this form counts as not there.
Nothing is graded by it.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Final

from kindlings.desk import home, storage
from kindlings.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from kindlings.desk.home import Home
    from kindlings.desk.syllabus import Exercise

FORMAT: Final = 1
_NAME: Final = "progress.json"


class Status(Enum):
    """Where a lab stands; only DONE gives its points."""

    DONE = "done"
    FAILED = "failed"
    CHANGED = "changed"
    """It was judged, but its files, or the test itself, are not what they were then."""
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Verdict:
    """How a test ended, and on what: a digest of the test's lines and one of each file that it took."""

    outcome: str
    at: str
    test: str
    files: Mapping[str, str] = field(default_factory=dict)
    solved: bool = False
    """Whether it has ever passed."""

    @classmethod
    def now(cls, *, passed: bool, test: str, files: Mapping[str, str]) -> Verdict:
        """Return the verdict of this moment."""
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return cls("passed" if passed else "failed", at, test, dict(files), passed)

    @classmethod
    def of(cls, raw: object) -> Verdict | None:
        """Return the verdict that an entry of the file is, or None for anything else."""
        if not isinstance(raw, dict) or raw.get("outcome") not in {"passed", "failed"}:
            return None
        files = raw.get("files")
        if not isinstance(files, dict) or not all(isinstance(one, str) for one in files.values()):
            return None
        return cls(raw["outcome"], str(raw.get("at")), str(raw.get("test")), files, raw.get("solved") is True)

    def status(self, exercise: Exercise) -> Status:
        """Return what the verdict means for a test whose files may have changed since."""
        if self.test != exercise.definition or not self.files:
            return Status.CHANGED
        folder = exercise.source.parent
        if any(not was or home.digest(folder / file) != was for file, was in self.files.items()):
            return Status.CHANGED
        return Status.DONE if self.outcome == "passed" else Status.FAILED


@dataclass(frozen=True)
class Journal:
    """The verdicts of one course folder."""

    place: Home

    @property
    def path(self) -> Path:
        """Return the file that holds them."""
        return self.place.state / _NAME

    def read(self) -> dict[str, Verdict]:
        """Return the verdicts by the tests' keys; none where there is no such file, or none of ours.

        Raises UsageError for a file of a later version of kindlings.
        """
        raw = storage.load(self.path)
        if raw is None:
            return {}
        version = raw.get("format")
        if isinstance(version, int) and version > FORMAT:
            raise UsageError(
                f"{home.shown(self.path)} was written by a later version of kindlings.",
                "Install that one: `pip install --upgrade kindlings`.",
            )
        labs = raw.get("labs")
        found = labs.items() if isinstance(labs, dict) else ()
        return {key: verdict for key, one in found if (verdict := Verdict.of(one)) is not None}

    def note(self, key: str, verdict: Verdict) -> None:
        """Keep `verdict` as the last one of the test of that key. Raises OSError."""
        with self._lock():
            verdicts = self.read()
            before = verdicts.get(key)
            if before is not None and before.solved:
                verdict = Verdict(verdict.outcome, verdict.at, verdict.test, verdict.files, solved=True)
            verdicts[key] = verdict
            if self.path.exists() and storage.load(self.path) is None:
                # Whatever it was, it was the learner's: it is put aside and not written over.
                self.path.replace(self.path.with_suffix(".broken"))
            labs = {name: asdict(verdicts[name]) for name in sorted(verdicts)}
            storage.write(self.path, (json.dumps({"format": FORMAT, "labs": labs}, indent=1) + "\n").encode())

    @contextmanager
    def _lock(self) -> Iterator[None]:
        from filelock import FileLock, Timeout  # noqa: PLC0415 - for those who write

        storage.prepare(self.place)
        try:
            with FileLock(self.place.state / "progress.lock", timeout=10):
                yield
        except Timeout:
            raise OSError(None, "another process holds it", str(self.path)) from None
