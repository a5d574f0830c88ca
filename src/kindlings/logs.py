"""A container's log, followed line by line as the container writes it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Protocol

import urllib3

from kindlings.cluster.api import KINDS, Refusal
from kindlings.conditions import Impossible, Met, NotYet, plural
from kindlings.errors import InfrastructureError

if TYPE_CHECKING:
    from kindlings.cluster.api import Api
    from kindlings.conditions import Verdict

PATIENCE: Final = 10.0
"""Seconds that a line may be awaited once the container runs."""

_NO_WATCHER: Final = "failed to create fsnotify watcher"
"""What the kubelet writes into a followed log where fs.inotify.max_user_instances is used up."""

_NUMBER: Final = re.compile(r"^\s*(\d+)\b")
_PACE: Final = 0.7
"""The part of the asked pace that must be kept on average; less is a burst, not a count that goes on."""


@dataclass(frozen=True)
class Line:
    """One line of a log, and when the container runtime read it, in seconds since the epoch."""

    at: float
    text: str


@dataclass
class LogView:
    """What of a log is known: its lines, whether it has ended, and what the API server refused."""

    lines: list[Line] = field(default_factory=list)
    ended: bool = False
    refusal: str = ""

    @property
    def text(self) -> str:
        """Return the lines as one text."""
        return "\n".join(line.text for line in self.lines)


class LogCondition(Protocol):
    """A predicate over a log."""

    def describe(self, title: str) -> str:
        """Say what is expected of the log of `title`."""

    def check(self, view: LogView) -> Verdict:
        """Judge what is known."""


def follow(
    api: Api, namespace: str, pod: str, container: str, condition: LogCondition, timeout: float
) -> Verdict:
    """Follow the log until `condition` is Met or Impossible, or `timeout` seconds are over.

    Raises urllib3's HTTPError where the connection breaks, InfrastructureError where the node cannot follow.
    """
    deadline = time.monotonic() + timeout
    query = {"follow": "true", "timestamps": "true"} | ({"container": container} if container else {})
    view = LogView()
    try:
        stream = api.stream(KINDS["Pod"].path(namespace, pod, "log"), read_timeout=timeout, **query)
    except Refusal as refusal:
        view.refusal = refusal.message
        return condition.check(view)
    verdict = condition.check(view)
    try:
        for raw in stream:
            view.lines.append(_line(raw))
            if _NO_WATCHER in view.lines[-1].text:
                raise InfrastructureError(
                    f"The node cannot follow the log of container {container} of Pod {pod}: {_NO_WATCHER}.",
                    "Run `kindlings doctor`: it looks at the limits of inotify.",
                )
            verdict = condition.check(view)
            if not isinstance(verdict, NotYet) or time.monotonic() > deadline:
                return verdict
        view.ended = True
        return condition.check(view)
    except urllib3.exceptions.ReadTimeoutError:
        return verdict
    finally:
        stream.close()


def _line(raw: bytes) -> Line:
    stamp, _, text = raw.decode("utf-8", "replace").partition(" ")
    try:
        # The runtime writes nanoseconds, Python reads microseconds.
        at = datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", stamp)).timestamp()
    except ValueError:
        return Line(0.0, f"{stamp} {text}")
    return Line(at, text)


@dataclass(frozen=True)
class _CountingUp:
    count: int
    every: float

    def describe(self, title: str) -> str:
        return f"{title} to count up, one line after the other: 0: ..., 1: ..., 2: ..."

    def check(self, view: LogView) -> Verdict:
        if view.refusal:
            return Impossible(f"the log was refused: {view.refusal}")
        numbers = [(line.at, int(match[1])) for line in view.lines if (match := _NUMBER.match(line.text))]
        if len(numbers) < self.count:
            return self._too_few(view, len(numbers))
        recent = numbers[-self.count :]
        if any(after[1] != before[1] + 1 for before, after in pairwise(recent)):
            return Impossible(f"the numbers {', '.join(str(number) for _, number in recent)}")
        if recent[-1][0] - recent[0][0] < _PACE * self.every * (self.count - 1):
            return NotYet(f"{plural(len(numbers), 'number')}, written faster than one in {self.every:g} s")
        return Met([])

    def _too_few(self, view: LogView, numbers: int) -> Verdict:
        last = f"; its last line: {view.lines[-1].text[:80]}" if view.lines else ""
        why = f"{plural(numbers, 'line')} that begin{'s' if numbers == 1 else ''} with a number{last}"
        return Impossible(f"{why}, and the log has ended") if view.ended else NotYet(why)


def counting_up(count: int = 2, *, every: float = 1) -> LogCondition:
    """Whether `count` lines begin with numbers that increase by one, one about `every` seconds."""
    return _CountingUp(count, every)


@dataclass(frozen=True)
class _Says:
    wanted: str

    def describe(self, title: str) -> str:
        return f"{title} to say: {self.wanted}"

    def check(self, view: LogView) -> Verdict:
        if view.refusal:
            return Impossible(f"the log was refused: {view.refusal}")
        if any(self.wanted in line.text for line in view.lines):
            return Met([])
        why = f"the last line: {view.lines[-1].text[:80]}" if view.lines else "an empty log"
        return Impossible(why) if view.ended else NotYet(why)


def says(text: str) -> LogCondition:
    """Whether a line of the log contains `text`."""
    return _Says(text)


@dataclass(frozen=True)
class _NeedsContainerName:
    def describe(self, title: str) -> str:
        return f"{title} not to be given without the name of a container"

    def check(self, view: LogView) -> Verdict:
        if "a container name must be specified" in view.refusal:
            return Met([])
        return Impossible(view.refusal or "a log without having named a container")


def needs_container_name() -> LogCondition:
    """Whether the API server answers 400 to a request for the Pod's log that names no container."""
    return _NeedsContainerName()
