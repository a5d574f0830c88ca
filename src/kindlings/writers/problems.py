"""What preflight has found, for people with a frame around each line, and for editors line by line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.preflight import Report
    from kindlings.preflight.findings import Finding

_TOKEN: Final = re.compile(r"[^\s:#,\[\]{}]+")
_COLOURS: Final = {"error": "red", "warning": "yellow"}


def for_editors(report: Report) -> str:
    """Return one line for each finding: FILE:LINE:COLUMN: LEVEL: MESSAGE, as compilers write it."""
    return "\n".join(f"{_where(one)}: {one.level}: {one.message} [{one.rule}]" for one in report.findings)


def for_people(report: Report) -> str:
    """Return each finding with its line, why it matters and how to mend it, then the numbers."""
    parts = ["\n".join(_finding(one, report.texts.get(one.place.file, ""))) for one in report.findings]
    parts += [f"{file} holds no Kubernetes object and is left out." for file in report.left_out]
    return "\n\n".join([*parts, summary(report)])


def summary(report: Report) -> str:
    """Return one line: how much was looked at, and how much was found."""
    files = len(report.texts) - len(report.left_out)
    looked = f"{_plural(files, 'file')}, {_plural(report.objects, 'object')}"
    if not report.findings:
        return f"{looked}: nothing to mend that can be told without a cluster"
    return f"{looked}: {_plural(report.errors, 'error')}, {_plural(report.warnings, 'warning')}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _where(one: Finding) -> str:
    """Return the place as editors read it: a file as a whole is its first character."""
    return f"{one.place.file}:{one.place.line or 1}:{one.place.column or 1}"


def _finding(one: Finding, text: str) -> Iterator[str]:
    level = click.style(one.level, fg=_COLOURS[one.level], bold=True)
    yield f"{_where(one)}: {level}: {click.style(one.message, bold=True)}"
    yield from _frame(one, text)
    yield f"  why   {one.why}"
    yield f"  mend  {one.mend}"


def _frame(one: Finding, text: str) -> Iterator[str]:
    """Yield the finding's line under the line before it, and a caret below what is meant."""
    lines, number = text.splitlines(), one.place.line
    if not 0 < number <= len(lines):
        return
    for shown in range(max(1, number - 1), number + 1):
        yield f"  {shown:>5} | {_printable(lines[shown - 1])}"
    line, start = lines[number - 1], max(one.place.column - 1, 0)
    token = _TOKEN.match(line, start)
    caret = "^" * len(token[0] if token else " ")
    yield f"        | {' ' * min(start, len(line))}{click.style(caret, fg=_COLOURS[one.level])}"


def _printable(line: str) -> str:
    """Return the line with each tab and control character as one visible character."""
    return "".join(
        one if one.isprintable() else "→" if one == "\t" else "\N{REPLACEMENT CHARACTER}" for one in line
    )
