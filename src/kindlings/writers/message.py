"""The message that a learner reads when a lab fails: always the same parts, in plain words."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kindlings.results import INDENT, plain

if TYPE_CHECKING:
    from kindlings.errors import Findings, InfrastructureError

WIDTH: Final = 110


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
            lines += _part(label, text, wrap=label not in {"look", "read"})
    return plain("\n".join(lines))


def infrastructure(heading: Heading, error: InfrastructureError) -> str:
    """Return the message for what is not the learner's: the lab was not judged."""
    lines = [f"{Heading(heading.module, heading.file, heading.title)}: not judged"]
    lines += _part("trouble", error.message, wrap=True)
    if error.advice:
        lines += _part("do", error.advice, wrap=True)
    return "\n".join(lines)


def _part(label: str, text: str, *, wrap: bool) -> list[str]:
    """Return the part's lines; commands and addresses stay whole, to be copied."""
    first = f"  {label:<10}"
    if not wrap:
        return [first + text]
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
