"""What differs each time a command is asked: made-up names, ages, addresses, times.

Each is replaced by one that looks the same and never changes: what a lesson shows can be compared, and still
reads like what a learner sees. Settled text stays as it is when it is settled once more.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_SUFFIX: Final = re.compile(r"(?<=[a-z0-9]-)[bcdfghjklmnpqrstvwxz2456789]{5}(?![a-z0-9-])")
"""What the API server puts behind a generateName."""
_VOLUME: Final = re.compile(r"\bpvc-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_SERVICE: Final = re.compile(r"\b10\.(?:9[6-9]|1[01]\d)\.\d{1,3}\.\d{1,3}\b")
_POD: Final = re.compile(r"\b10\.244\.\d{1,3}\.\d{1,3}\b")
"""kind's networks: 10.96.0.0/16 for Services, 10.244.0.0/16 for Pods."""
_DATE: Final = re.compile(r"\b[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d UTC \d{4}\b")
_AGO: Final = re.compile(r"\((?:\d+[smhdy])+ ago\)")
_AGE: Final = re.compile(r"(?:\d+[smhdy])+")

_SUFFIXES: Final = (
    *("6x4wq", "8m2jd", "9tc7b", "bn5gz", "d4hxk", "f7nkx", "hs5pv", "kj2vr", "n8gwd", "qv6lt"),
    *("s4xcm", "t9zhb", "w2kfj", "xd7np", "z6tmd"),
)
"""In the order in which kubectl lists them."""
_LETTERS: Final = "2456789bcdfghjklmnpqrstvwxz"
_BEGIN: Final = datetime(2026, 11, 23, 11, 33, 50, tzinfo=UTC)
_SHOWN_AGE: Final = "12s"
_SHOWN_AGO: Final = "(4s ago)"


def _suffix(number: int) -> str:
    if number < len(_SUFFIXES):
        return _SUFFIXES[number]
    tens, ones = divmod(number - len(_SUFFIXES), len(_LETTERS))
    return f"zz{_LETTERS[tens // len(_LETTERS)]}{_LETTERS[tens % len(_LETTERS)]}{_LETTERS[ones]}"


def _volume(number: int) -> str:
    return f"pvc-{uuid.uuid5(uuid.NAMESPACE_DNS, f'volume-{number}.kindlings')}"


def _service(number: int) -> str:
    return f"10.96.{31 + number * 53 % 200}.{120 + number * 41 % 100}"


def _pod(number: int) -> str:
    return f"10.244.{number % 3 + 1}.{number + 5}"


def _date(number: int) -> str:
    at = _BEGIN + timedelta(seconds=number)
    return f"{at:%a %b} {at.day:2d} {at:%H:%M:%S} UTC {at.year}"


_FAMILIES: Final[tuple[tuple[re.Pattern[str], Callable[[int], str]], ...]] = (
    (_VOLUME, _volume),
    (_SUFFIX, _suffix),
    (_SERVICE, _service),
    (_POD, _pod),
    (_DATE, _date),
)


@dataclass
class Settling:
    """The stand-ins of a few outputs that belong together: one name stands for one name in all of them."""

    _known: dict[str, str] = field(default_factory=dict)
    _count: dict[Callable[[int], str], int] = field(default_factory=dict)

    def settle(self, text: str) -> str:
        """Return the output with stand-ins for what is volatile, its lines without trailing spaces."""
        lines = [line.rstrip() for line in text.splitlines()]
        settled: list[str] = []
        for _, group in groupby(lines, key=bool):
            part = list(group)
            settled += self._table(part) if _is_table(part) else map(self._stand_in, part)
        return "\n".join(settled)

    def _table(self, lines: Sequence[str]) -> list[str]:
        """Return a table whose ages stand still, and in the order of whose rows chance has no part."""
        starts = [match.start() for match in re.finditer(r"\S+(?: \S+)*", lines[0])]
        rows = [_cells(line, starts) for line in lines]
        if "AGE" in rows[0]:
            column = rows[0].index("AGE")
            for row in rows[1:]:
                row[column] = _AGE.sub(_SHOWN_AGE, row[column])
        ordered = [rows[0], *self._ordered(rows[1:])]
        stood_in = [[self._stand_in(_AGO.sub(_SHOWN_AGO, cell)) for cell in row] for row in ordered]
        return _aligned(stood_in, 2 if rows[0][0] == "REVISION" else 3)

    def _ordered(self, rows: Iterable[list[str]]) -> list[list[str]]:
        """Sort rows whose names differ only in what was made up: first those met before, then by the rest."""

        def place(row: list[str]) -> tuple[str, list[str]]:
            met = [self._known[one] for one in _SUFFIX.findall(row[0]) if one in self._known]
            return (met or ["~"])[0], [_masked(cell) for cell in row]

        groups = groupby(rows, key=lambda row: _SUFFIX.sub("", row[0]))
        return [row for _, group in groups for row in sorted(group, key=place)]

    def _stand_in(self, text: str) -> str:
        for pattern, make in _FAMILIES:
            text = pattern.sub(partial(self._one, make), text)
        return text

    def _one(self, make: Callable[[int], str], match: re.Match[str]) -> str:
        found = match[0]
        if found not in self._known:
            number = self._count.get(make, 0)
            self._count[make] = number + 1
            self._known[found] = make(number)
        return self._known[found]


def _is_table(lines: Sequence[str]) -> bool:
    return lines[0].split(" ", 1)[0] in {"NAME", "REVISION"} and lines[0] == lines[0].upper()


def _cells(line: str, starts: Sequence[int]) -> list[str]:
    ends = [*starts[1:], len(line) + 1]
    return [line[start:end].strip() for start, end in zip(starts, ends, strict=True)]


def _masked(cell: str) -> str:
    for pattern, _ in _FAMILIES:
        cell = pattern.sub("?", cell)
    return cell


def _aligned(rows: Sequence[Sequence[str]], padding: int) -> list[str]:
    """Return the rows as kubectl aligns them: a column is six wide at least where three spaces pad it."""
    least = 6 if padding == 3 else 0
    widths = [max(least, *(len(cell) + padding for cell in column)) for column in zip(*rows, strict=True)]
    lines = ("".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return [line.rstrip() for line in lines]
