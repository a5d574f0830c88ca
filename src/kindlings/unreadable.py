"""What is said of a file that is no YAML: in plain words, and at the line that is to be mended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kindlings.errors import LabFailure, Place
from kindlings.files import failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    import yaml

_PLAIN_WORDS: Final = (
    # (in PyYAML's problem or context, in plain words, whether the place to mend is the context's)
    (
        ("expected <block end>", "did not find expected"),
        "line {number} is indented by {indent}, and {other}: they do not fit together; the "
        "fields of one object stand in one column",
        False,
    ),
    (
        ("expected '<document start>'",),
        "line {number} stands further left than {above} above it; the fields of one object stand in one "
        "column",
        False,
    ),
    (
        ("mapping values are not allowed",),
        "line {number} has a colon where no field can begin: it is indented too far, or {above} above it is "
        "not far enough or misses its own colon, or the text needs quotes",
        False,
    ),
    (("could not find expected ':'",), "line {number} is a field's name without its colon and value", True),
    (("could not determine a constructor",), "tags such as !!python are not read: a manifest is data", False),
    (("quoted scalar",), "the quoted text that begins in line {number} is never closed", True),
)


def told(file: str, text: str, error: yaml.YAMLError) -> LabFailure:
    """Return the failure for a text of `file` that is no YAML, at the line that is to be mended."""
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "no YAML")
    context = str(getattr(error, "context", None) or "")
    words, at_context = _plain_words(problem, context)
    marks = [getattr(error, "context_mark", None), getattr(error, "problem_mark", None)]
    mark = next((mark for mark in (marks if at_context else reversed(marks)) if mark is not None), None)
    lines = text.splitlines() or [""]
    number = min(mark.line + 1, len(lines)) if mark else 0
    place = Place(file, number, mark.column + 1 if mark else 0)
    line = lines[number - 1] if number else ""
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent or "'\\t'" in problem:
        words = "line {number} is indented with a tab; YAML is indented with spaces only"
    shown = line.strip().replace("\t", "→")[:60]
    saw = f"line {number} cannot be read: {shown}" if shown else "text that is no YAML"
    above = next((at for at in range(number - 1, 0, -1) if _holds_something(lines[at - 1])), 0)
    because = words.format(
        number=number,
        indent=_spaces(line),
        above=f"line {above}" if above else "the line",
        other=_other(lines, number, above),
        problem=problem,
    )
    return failure(place, "a file that can be read as YAML", saw, because=because)


def _holds_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _other(lines: Sequence[str], number: int, above: int) -> str:
    """Say which line `number` does not fit to: the first of the block that it ends, or the one above."""
    own, first = _indentation(lines[number - 1]) if number else 0, 0
    for at in range(number - 1, 0, -1):
        if _holds_something(lines[at - 1]):
            if _indentation(lines[at - 1], " -") <= own:
                break
            first = at
    if not first or first == above:
        line = f"line {above}" if above else "the line"
        return f"{line} above it by {_spaces(lines[above - 1], ' -')}{_closes(lines, number, above)}"
    return f"line {first}, the first below line {at}, by {_spaces(lines[first - 1], ' -')}"


def _closes(lines: Sequence[str], number: int, above: int) -> str:
    """Name the line that ended what the line `number` seems to belong to: the nearest one further left."""
    own = _indentation(lines[number - 1]) if number else 0
    for at in range(number - 1, 0, -1):
        line = lines[at - 1]
        if _holds_something(line) and _indentation(line) < own:
            return f" and line {at} by {_spaces(line)}" if at != above else ""
    return ""


def _indentation(line: str, signs: str = " ") -> int:
    return len(line) - len(line.lstrip(signs))


def _spaces(line: str, signs: str = " ") -> str:
    """Return how far a line is indented; with a dash among `signs`, how far the field behind it is."""
    count = _indentation(line, signs)
    return f"{count} space{'' if count == 1 else 's'}"


def _plain_words(problem: str, context: str) -> tuple[str, bool]:
    for needles, words, at_context in _PLAIN_WORDS:
        if any(needle in problem or needle in context for needle in needles):
            return words, at_context
    return "{problem}", False
