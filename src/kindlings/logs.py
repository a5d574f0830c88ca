"""What a lab expects of a container's log: pure predicates over the lines that are known."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Protocol

from kindlings.conditions import Impossible, Met, NotYet, plural

if TYPE_CHECKING:
    from kindlings.conditions import Verdict

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
class _Lines:
    count: int

    def describe(self, title: str) -> str:
        return f"{title} to have {plural(self.count, 'line')}"

    def check(self, view: LogView) -> Verdict:
        if view.refusal:
            return Impossible(f"the log was refused: {view.refusal}")
        if len(view.lines) >= self.count:
            return Met([])
        why = plural(len(view.lines), "line")
        return Impossible(f"{why}, and the log has ended") if view.ended else NotYet(why)


def lines(count: int) -> LogCondition:
    """Whether the log has `count` lines, whatever they say."""
    return _Lines(count)


@dataclass(frozen=True)
class _Begins:
    low: int
    high: float
    what: str

    def describe(self, title: str) -> str:
        return f"{title} to begin with {self.what}"

    def check(self, view: LogView) -> Verdict:
        if view.refusal:
            return Impossible(f"the log was refused: {view.refusal}")
        for line in view.lines:
            if match := _NUMBER.match(line.text):
                right = self.low <= int(match[1]) <= self.high
                return Met([]) if right else Impossible(f"its first number: {match[1]}")
        why = "a log without a number"
        return Impossible(why) if view.ended else NotYet(why)


def begins_with(number: int) -> LogCondition:
    """Whether the first number that begins a line is this one."""
    return _Begins(number, number, f"the number {number}")


def goes_on_after(number: int) -> LogCondition:
    """Whether the first number that begins a line is greater than `number`: the count goes on."""
    return _Begins(number + 1, math.inf, f"a number above {number}: the count goes on")


@dataclass(frozen=True)
class _WrittenTwice:
    def describe(self, title: str) -> str:
        return f"{title} to show a number that was written by two Pods"

    def check(self, view: LogView) -> Verdict:
        writers: dict[str, set[str]] = {}
        for line in view.lines:
            number, _, writer = line.text.strip().partition(" ")
            writers.setdefault(number, set()).add(writer)
        everyone = set().union(*writers.values())
        if any(len(names) > 1 for names in writers.values()):
            return Met([])
        there = f"{plural(len(writers), 'number')}, each once, by {plural(len(everyone), 'Pod')}"
        return Impossible(there if view.lines else "nothing")


def written_twice() -> LogCondition:
    """Whether lines such as "7 by counter-0" have one number from two writers: a count that is spoilt."""
    return _WrittenTwice()


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
