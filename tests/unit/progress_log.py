"""A Progress that remembers what it was told."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.progress import Step


class Log:
    """What was said, which steps there were, and how far they went."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.steps: list[str] = []
        self.advanced = 0.0

    def say(self, text: str) -> None:
        """Remember `text`."""
        self.said.append(text)

    @contextmanager
    def step(self, title: str, total: float) -> Iterator[Step]:  # noqa: ARG002 - Progress names it
        """Remember `title`."""
        self.steps.append(title)
        yield self

    def advance(self, amount: float = 1, note: str = "") -> None:  # noqa: ARG002 - Step names it
        """Add up `amount`."""
        self.advanced += amount
