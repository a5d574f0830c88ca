"""The message that a learner reads when a lab fails: always the same parts, in plain words."""

from __future__ import annotations

import re
import shutil
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import click

from kindlings.results import INDENT, part, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.errors import Findings, InfrastructureError

WIDTH: Final = 110
_WHOLE: Final = frozenset({"look", "read"})
"""Commands and addresses stay in one line, to be copied."""
_COLOURS: Final = {
    "expected": "green",
    **dict.fromkeys(("saw", "trouble"), "red"),
    **dict.fromkeys(("because", "do"), "yellow"),
    **dict.fromkeys(("look", "hint", "read"), "cyan"),
}
"""In the order in which the parts stand."""
_MESSAGE: Final = re.compile(rf".*(\n  ({'|'.join(_COLOURS)}) +\S.*(\n{INDENT}.*)*)+")
_HEADING: Final = re.compile(r"(?P<left>.+?)(?: {2,}(?P<right>\d+ of \d+ points?))?")


@dataclass(frozen=True)
class Heading:
    """What the message is about: the module, the file, what was checked, and the points at stake."""

    module: str
    file: str
    title: str
    points: int = 0

    def __str__(self) -> str:
        parts = (self.module, self.file, self.title)
        left = " · ".join(part.rstrip(".") for part in parts if part)
        if not self.points:
            return left
        right = f"0 of {self.points} point{'' if self.points == 1 else 's'}"
        gap = " " * max(2, WIDTH - len(left) - len(right))
        return f"{left}{gap}{right}"


def failure(heading: Heading, findings: Findings) -> str:
    """Return the message for a learner's failure."""
    lines = [str(heading)]
    for label in ("expected", "saw", "because", "look", "hint", "read"):
        text = getattr(findings, label)
        if text:
            lines += _part(label, text)
    return plain("\n".join(lines))


def infrastructure(heading: Heading, error: InfrastructureError) -> str:
    """Return the message for what is not the learner's: the lab was not judged."""
    lines = [f"{Heading(heading.module, heading.file, heading.title)}: not judged"]
    lines += _part("trouble", error.message)
    if error.advice:
        lines += _part("do", error.advice)
    return "\n".join(lines)


def wrapped(text: str, indent: int = 2, beginning: str = "", columns: int | None = None) -> list[str]:
    """Return a sentence as lines of at most so many columns, by default this terminal's `width`.

    The first has its `beginning`, the others are `indent` spaces in. Words stay whole, however long: paths
    and commands are there to be copied.
    """
    return textwrap.wrap(
        text,
        width() if columns is None else columns,
        initial_indent=beginning,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def width() -> int:
    """Return how many columns a message has here; a file has as many as the widest terminal."""
    return min(shutil.get_terminal_size((WIDTH, 0)).columns, WIDTH)


def shown(said: str) -> str:
    """Return a message as this terminal shows it: in its width, with colours (ANSI).

    What is no message is returned as it is.
    """
    if not _MESSAGE.fullmatch(said):
        return said
    found = {label: part(said, label) for label in _COLOURS}
    parts = (line for label, text in found.items() if text for line in _coloured(label, text))
    return "\n".join([*_heading(said.partition("\n")[0]), *parts])


class Terminal(Protocol):
    """What pytest writes a report to."""

    hasmarkup: bool

    def line(self, s: str, /) -> None:
        """Write a line."""


class Shown(str):
    """A message that pytest prints in colours and in the terminal's width, where its output is a terminal."""

    __slots__ = ()

    def toterminal(self, out: Terminal) -> None:
        """Print it; what it is called by is pytest's demand."""
        out.line(shown(self) if out.hasmarkup else str(self))


def _heading(line: str) -> Iterator[str]:
    found = _HEADING.fullmatch(line)
    left, right = (found["left"], found["right"] or "") if found else (line, "")
    *above, last = wrapped(left)
    if right and len(last) + 2 + len(right) > width():
        above, last = [*above, last], ""
    yield from (click.style(one, bold=True) for one in above)
    yield click.style(last, bold=True) + " " * (width() - len(last) - len(right)) * bool(right) + right


def _coloured(label: str, text: str) -> Iterator[str]:
    first, *others = _part(label, text, width())
    yield click.style(first[: len(INDENT)], fg=_COLOURS[label], bold=True) + first[len(INDENT) :]
    yield from others


def _part(label: str, text: str, columns: int = WIDTH) -> list[str]:
    first = f"  {label:<10}"
    if label in _WHOLE:
        return [first + text]
    return wrapped(text, len(INDENT), first, columns)
