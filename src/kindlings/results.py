"""One model of a run that was graded; every format is written from it, and it reads back what it wrote.

docs/results.schema.json is the JSON Schema of its file. A file is replaced whole, so a reader sees either the
old state or the new one.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
import unicodedata
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kindlings.errors import InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SCHEMA: Final = "kindlings/results/v1"
INDENT: Final = " " * 12
"""What stands before the second and later lines of a part of a message; before its first stands its label."""
MAX_MESSAGE: Final = 8000
"""Characters of a test's message; a learner's file has a hand in them."""


class Outcome(StrEnum):
    """How a test ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    """Ours: the cluster, the engine or the machine failed, and nothing was judged."""
    NOT_ATTEMPTED = "not-attempted"
    """Without a message: the run has not come to it. With one: it says why the test counts as zero."""
    NOT_APPLICABLE = "not-applicable"
    """The cluster is of a kind that the test is not about; it counts for nothing."""


@dataclass(frozen=True)
class TestResult:
    """One test of the course, and how it ended. `points` of `max_points` are whole numbers."""

    __test__ = False  # of pytest's, this is none

    module: str
    lab: str
    """What the test belongs to in its module: "pods" for test_pods.py."""
    name: str
    title: str
    """The test's sentence."""
    max_points: int
    points: int = 0
    outcome: Outcome = Outcome.NOT_ATTEMPTED
    message: str = ""
    """What the learner reads: empty for a passed test."""
    seconds: float = 0.0
    required: bool = False
    """Whether the lab's later tests count only where this one has passed."""

    def __post_init__(self) -> None:
        """Leave nothing in the texts that a terminal or a reader of XML acts upon."""
        object.__setattr__(self, "title", plain(self.title, 300))
        object.__setattr__(self, "message", plain(self.message))

    @property
    def id(self) -> str:
        """Return what tells the test from all others: module2/replicaset/test_three_pods_become_ready."""
        return f"{self.module}/{self.lab}/{self.name}"

    @property
    def judged(self) -> bool:
        """Tell whether the outcome is the learner's, be it zero."""
        unreached = self.outcome is Outcome.NOT_ATTEMPTED and not self.message
        return self.outcome is not Outcome.ERROR and not unreached

    @property
    def counts(self) -> bool:
        """Tell whether the test's points are among those that can be had."""
        return self.outcome is not Outcome.NOT_APPLICABLE


@dataclass(frozen=True)
class Running:
    """A test under way: its id, since when (seconds of the epoch), and whether it waits for its turn."""

    id: str
    since: float
    queued: bool


@dataclass(frozen=True)
class Results:
    """A run over one learner's files. Times are ISO 8601 in UTC, with "" for what has not come yet."""

    run: str
    started: str
    finished: str = ""
    student: str = ""
    commit: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    tests: tuple[TestResult, ...] = ()
    running: tuple[Running, ...] = ()
    waited: float = 0.0
    """Seconds that tests have waited for their turn and for their namespaces."""
    trouble: str = ""
    """What was wrong with the run as a whole and is not the learner's."""
    cut: tuple[str, ...] = ()
    """What a time limit ended, a sentence each."""
    notes: tuple[str, ...] = ()
    """What was noticed about the files before any test ran, a sentence each."""
    content: str = ""
    """A hash of the files that were graded and of the tests that they were graded by."""

    @property
    def graded(self) -> bool:
        """Tell whether every test was judged; else no total may be taken for the learner's."""
        return bool(self.tests) and not self.trouble and all(one.judged for one in self.tests)

    @property
    def score(self) -> int:
        """Return the sum of the points."""
        return sum(one.points for one in self.tests if one.counts)

    @property
    def max_score(self) -> int:
        """Return the sum of the points that can be had on this cluster."""
        return sum(one.max_points for one in self.tests if one.counts)

    @property
    def seconds(self) -> float:
        """Return the seconds that the tests took."""
        return sum(one.seconds for one in self.tests)

    @property
    def unjudged(self) -> list[TestResult]:
        """Return the tests that are still to be judged."""
        return [one for one in self.tests if not one.judged]

    @property
    def reason(self) -> str:
        """Return, in a line, why the run is not graded; an empty string where it is."""
        if self.graded:
            return ""
        if self.trouble:
            return self.trouble
        if not self.tests:
            return "no test was run"
        first = self.unjudged[0]
        rest = f" (and {len(self.unjudged) - 1} more)" if len(self.unjudged) > 1 else ""
        why = part(first.message, "trouble") or next(iter(first.message.splitlines()), "")
        return f"{first.id} was not judged{rest}" + (f": {why.rstrip('.')}" if why else "")

    def labs(self) -> dict[str, tuple[int, int]]:
        """Return points and maximum of each lab by module/lab, in the order of the course."""
        found: dict[str, tuple[int, int]] = {}
        for one in self.tests:
            if one.counts:
                got, most = found.get(f"{one.module}/{one.lab}", (0, 0))
                found[f"{one.module}/{one.lab}"] = (got + one.points, most + one.max_points)
        return found

    def having(self, tests: Iterable[TestResult]) -> Results:
        """Return these results with `tests` in the place of those of the same ids."""
        given = {one.id: one for one in tests}
        return replace(self, tests=tuple(given.get(one.id, one) for one in self.tests))


# On the disk.


def to_json(results: Results) -> str:
    """Return the results as the schema has them."""
    totals = {"graded": results.graded, "score": results.score, "max_score": results.max_score}
    return json.dumps({"schema": SCHEMA, **totals, **asdict(results)}, indent=1, ensure_ascii=False) + "\n"


def from_json(text: str) -> Results:
    """Return the results that `to_json` wrote. Raises ValueError where they are none of ours."""
    data = json.loads(text)
    if not isinstance(data, dict) or data.pop("schema", None) != SCHEMA:
        raise ValueError(f"no {SCHEMA}")
    for total in ("graded", "score", "max_score"):
        data.pop(total, None)
    try:
        tests = [TestResult(**{**one, "outcome": Outcome(one["outcome"])}) for one in data.pop("tests")]
        running = [Running(**one) for one in data.pop("running")]
        lists: dict[str, Any] = {key: tuple(data.pop(key)) for key in ("cut", "notes")}
        return Results(**data, **lists, tests=tuple(tests), running=tuple(running))
    except (KeyError, TypeError) as error:
        raise ValueError(f"no {SCHEMA}: {error}") from None


def write(path: Path, text: str) -> None:
    """Put `text` in the place of what `path` holds, in one step. Raises InfrastructureError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as stream:
                stream.write(text)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink()  # half a file would keep a full disk full
            raise
    except OSError as error:
        raise InfrastructureError(
            f"{path} cannot be written: {error.strerror}.", "Make room or mend its rights, then run it again."
        ) from None


def now() -> str:
    """Return the time as results have it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def versions(**more: str) -> dict[str, str]:
    """Return the versions that a result depends on."""
    found = {name: metadata.version(name) for name in ("kindlings", "pytest", "kubernetes")}
    found["kubernetes-client"] = found.pop("kubernetes")
    return {"python": platform.python_version(), **found, **more}


def part(message: str, label: str) -> str:
    """Return a part of what a learner reads, "saw" or "trouble", in a line; nothing where it has none."""
    found: list[str] = []
    for line in message.splitlines():
        if line.startswith(f"  {label:<10}"):
            found.append(line[len(INDENT) :].strip())
        elif found and line.startswith(INDENT):
            found.append(line.strip())
        elif found:
            break
    return " ".join(found)


def last_line(text: str) -> str:
    """Return the last line that holds anything: of a traceback the one that says what it is."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def plain(text: str, limit: int = MAX_MESSAGE) -> str:
    """Return `text` with nothing in it that a terminal or an XML reader acts upon, clipped to `limit`."""
    kept = "".join(one if one in "\n\t" or _prints(one) else "·" for one in text[: limit + 1])
    return kept if len(kept) <= limit else kept[: limit - 2] + " …"


def _prints(sign: str) -> bool:
    return unicodedata.category(sign) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
