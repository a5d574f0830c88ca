"""What a user sees while something long goes on: one line a finding, one bar a step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class Step(Protocol):
    """A step under way."""

    def advance(self, amount: float = 1, note: str = "") -> None:
        """Move the bar by `amount` of the step's total; `note` stands beside it."""


class Progress(Protocol):
    """Where set-up reports to; `kindlings.console` makes one for the terminal, plain or rich."""

    def say(self, text: str) -> None:
        """Tell one thing that was found or is being done, a line of its own."""

    def step(self, title: str, total: float) -> AbstractContextManager[Step]:
        """Open a step of `total` units (seconds, bytes, nodes); when it closes, its time is shown."""


class Hushed:
    """Keeps what is said to itself until there is work to show: a cluster that is up costs no line."""

    def __init__(self, progress: Progress) -> None:
        """Pass on to `progress`."""
        self._progress = progress
        self._kept: list[str] | None = []

    def say(self, text: str) -> None:
        """Keep `text`, or tell it where work has begun."""
        if self._kept is None:
            self._progress.say(text)
        else:
            self._kept.append(text)

    def step(self, title: str, total: float) -> AbstractContextManager[Step]:
        """Tell what was kept, and open the step."""
        for text in self._kept or ():
            self._progress.say(text)
        self._kept = None
        return self._progress.step(title, total)
