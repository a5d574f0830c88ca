"""The ways in which a manifest, or a file of answers, is made wrong: each an edit of one line or block."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kindlings.authoring import values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kindlings.authoring.spots import Source, Spot

_LABELS: Final = frozenset({"labels", "matchLabels", "selector"})
_STEP: Final = 2
"""Columns by which the course's files are indented."""


@dataclass(frozen=True)
class Edit:
    """Put `new` in the place of a stretch of the text."""

    operator: str
    detail: str
    line: int
    """Where the edit stands, in the text before it."""
    start: int
    end: int
    new: str
    named: frozenset[int]
    """The lines of the edited text of which a message should name one; none where the file is enough."""

    def apply(self, text: str) -> str:
        """Return the text after the edit."""
        return text[: self.start] + self.new + text[self.end :]


def of(source: Source) -> Iterator[Edit]:
    """Yield all edits of a file, in the order of its lines."""
    for spot in source.spots:
        for operator in _OF_A_SPOT:
            yield from operator(source, spot)
    yield from _documents(source)
    yield from _names(source)


def _at(spot: Spot, operator: str, detail: str, start: int, end: int, new: str, *lines: int) -> Edit:
    """Return an edit of the spot, which a message should name by its line, or by one of `lines`."""
    return Edit(operator, detail, spot.line, start, end, new, frozenset(lines or (spot.line,)))


# A field goes.


def _remove(source: Source, spot: Spot) -> Iterator[Edit]:
    """Take a field away with its block; of lists, the items that are mappings."""
    if spot.is_item and not isinstance(spot.value, dict):
        return
    start, end = _extent(source, spot)
    alone = spot.next is None and spot.previous is None
    new = "{}" if alone and source.text[source.line_start(start) : start].strip() == "-" else ""
    yield _at(spot, "remove", spot.name, start, end, new, *_ancestors(source, spot))


def _extent(source: Source, spot: Spot) -> tuple[int, int]:
    """Return the stretch of the text that goes with a field, so that the rest stays as it is."""
    text = source.text
    if spot.flow:
        if spot.next is not None:
            return spot.start, spot.next
        return spot.start if spot.previous is None else spot.previous, spot.end
    start = text.rindex("-", 0, spot.start) if spot.is_item else spot.start
    if text[source.line_start(start) : start].strip():  # behind a dash
        return start, spot.end if spot.next is None else spot.next
    return source.line_start(start), source.line_end(spot.end - 1)


def _ancestors(source: Source, spot: Spot) -> Iterator[int]:
    """Yield the lines of what a field stands in, up to its document's first."""
    for other in source.spots:
        inside = len(other.path) < len(spot.path) and spot.path[: len(other.path)] == other.path
        if inside and other.document == spot.document:
            yield other.line
    yield source.line(source.extents[spot.document][0])


# A word is another one.


def _key(source: Source, spot: Spot) -> Iterator[Edit]:
    """Put a typo into a key, or the key there twice."""
    if spot.is_item:
        return
    key = str(spot.path[-1])
    if source.text.startswith(key, spot.start):
        wrong = values.typo(key)
        yield _at(spot, "key", f"{spot.name}={wrong}", spot.start, spot.start + len(key), wrong)
    if spot.is_leaf and spot.previous is None and not spot.flow and spot.style not in {"|", ">"}:
        indent = " " * (spot.start - source.line_start(spot.start))
        copy = f"\n{indent}{source.text[spot.start : spot.end]}"
        lines = (spot.line, source.line(spot.end) + 1)
        yield _at(spot, "duplicate-key", spot.name, spot.end, spot.end, copy, *lines)


def _value(source: Source, spot: Spot) -> Iterator[Edit]:
    """Change a value: one more, a typo, another of the words that there are."""
    if not spot.is_leaf or spot.style in {"|", ">"} or spot.value is None or spot.path[-1] == "image":
        return
    raw = source.text[spot.begin : spot.end]
    quote = raw[0] if spot.style else ""
    if isinstance(spot.value, bool):
        others = {"value": "false" if spot.value else "true"}
    elif isinstance(spot.value, (int, float)):
        others = {"value": str(int(spot.value) + 1), "text": f'"{raw}"'}
        if spot.path[-1] in values.PORTS:
            del others["value"]
    else:
        inner = raw[1:-1] if quote else raw
        others = {"value": f"{quote}{values.changed(inner)}{quote}", "number": "7"}
        if quote and re.fullmatch(r"\d+", inner):
            others["number"] = inner
        if other := values.choice(spot.path, spot.value):
            others["choice"] = other
    for operator, new in others.items():
        yield _changed(source, spot, operator, new)


def _changed(source: Source, spot: Spot, operator: str, new: str, detail: str = "") -> Edit:
    lines = (spot.line, source.line(spot.begin))
    shown = detail or (new if len(new) <= 30 else f"{new[:29]}…")
    return _at(spot, operator, f"{spot.name}={shown}", spot.begin, spot.end, new, *lines)


def _port(source: Source, spot: Spot) -> Iterator[Edit]:
    """Change a port."""
    if spot.path[-1] in values.PORTS and isinstance(spot.value, int):
        for port in values.ports(spot.value).values():
            yield _changed(source, spot, "port", str(port))


def _image(source: Source, spot: Spot) -> Iterator[Edit]:
    """Take an image's tag that no node has, or another image of the course."""
    if spot.path[-1] == "image" and isinstance(spot.value, str):
        quote = spot.style
        for image in values.images(spot.value).values():
            yield _changed(source, spot, "image", f"{quote}{image}{quote}", image)


def _script(source: Source, spot: Spot) -> Iterator[Edit]:
    """Take a line of a script away, or put a typo into it."""
    if spot.style not in {"|", ">"}:
        return
    start = source.line_end(spot.begin)
    while start < spot.end:
        end = source.line_end(start)
        line, number = source.text[start:end], source.line(start)
        if line.strip() and not line.lstrip().startswith("#"):
            around = frozenset({spot.line, source.line(spot.begin), number})
            about = f"{spot.name}+{number - source.line(spot.begin)}"
            yield Edit("remove-line", about, number, start, end, "", around - {number})
            yield Edit("word", about, number, start, end, values.mistyped(line), around)
        start = end


def _swap(source: Source, spot: Spot) -> Iterator[Edit]:
    """Swap the values of two labels; of a single label, key and value."""
    if not isinstance(spot.value, dict) or spot.path[-1] not in _LABELS:
        return
    depth = len(spot.path)
    below = [
        one
        for one in source.spots
        if one.document == spot.document and one.path[:-1] == spot.path and len(one.path) == depth + 1
    ]
    if any(not one.is_leaf for one in below):
        return
    if len(below) == 1:
        [one] = below
        new = f"{one.value}: {one.path[-1]}"
        yield _at(one, "swap", f"{one.name}={one.value}", one.start, one.end, new)
    for first, second in itertools.pairwise(below):
        text = source.text
        between = text[first.end : second.begin]
        new = f"{text[second.begin : second.end]}{between}{text[first.begin : first.end]}"
        about = f"{first.name},{second.path[-1]}"
        yield _at(first, "swap", about, first.begin, second.end, new, first.line, second.line)


# A line stands elsewhere.


def _shift(source: Source, spot: Spot) -> Iterator[Edit]:
    """Indent a line, or a field with its block, by two columns more or less."""
    start = source.line_start(spot.start)
    lead = source.text[start : spot.start]
    if spot.flow or lead.strip(" -") or (lead.strip() and not spot.is_item):
        return  # it does not begin its line
    one, block = source.line_end(start), source.line_end(spot.end - 1)
    for about, end in {"": one, "block-": block}.items():
        if about and end == one:
            continue
        lines = source.text[start:end].splitlines(keepends=True)
        further = "".join(f"{' ' * _STEP}{line}" if line.strip() else line for line in lines)
        yield _at(spot, f"{about}indent", spot.name, start, end, further)
        if lead.startswith(" " * _STEP):
            less = "".join(line.removeprefix(" " * _STEP) for line in lines)
            yield _at(spot, f"{about}dedent", spot.name, start, end, less)


_OF_A_SPOT: Final[tuple[Callable[[Source, Spot], Iterator[Edit]], ...]] = (
    _remove,
    _key,
    _value,
    _port,
    _image,
    _script,
    _swap,
    _shift,
)


# A document is another one.


def _documents(source: Source) -> Iterator[Edit]:
    """Take a document away."""
    for start, end in source.extents:
        line, about = source.line(start), source.documents[source.extents.index((start, end))].title
        yield Edit("remove-document", about, line, start, end, "", frozenset())


def _names(source: Source) -> Iterator[Edit]:
    """Give a document the name of the next one of its kind."""
    names = [spot for spot in source.spots if spot.path == ("metadata", "name")]
    for first, second in itertools.pairwise(names):
        kinds = {source.documents[one.document].kind for one in (first, second)}
        if len(kinds) == 1:
            yield _changed(source, first, "duplicate-name", str(second.value))
