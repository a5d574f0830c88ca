"""The marks in a solution from which its exercise is written, so that there is one source for both.

    #| # TODO: ask for three.          a line of the exercise, with the indentation of the mark
    # BEGIN SOLUTION                   up to END SOLUTION: lines that the exercise lacks
    replicas: 3
    # END SOLUTION
    replicas: 3  # SOLUTION            a single line that the exercise lacks

All of them are comments, to YAML and to files of commands: a marked solution says what it says without them.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Final

from kindlings.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGIN: Final = "# BEGIN SOLUTION"
END: Final = "# END SOLUTION"
LINE: Final = "# SOLUTION"
INSTEAD: Final = "#|"
_MARKED: Final = re.compile(r"^[ \t]*(#\||# (BEGIN|END) SOLUTION$)|# SOLUTION$", re.MULTILINE)


def has_marks(text: str) -> bool:
    """Tell whether a solution carries marks; one that does not has an exercise that is written by hand."""
    return _MARKED.search(text) is not None


def solution(text: str, name: str = "") -> str:
    """Return a marked solution without its marks. Raises UsageError for marks that do not match."""
    return "".join(f"{line}\n" for line, ours, _ in _lines(text, name) if ours)


def exercise(text: str, name: str = "") -> str:
    """Return the exercise of a marked solution. Raises UsageError for marks that do not match."""
    return "".join(f"{line}\n" for line, _, theirs in _lines(text, name) if theirs)


def _lines(text: str, name: str) -> Iterator[tuple[str, bool, bool]]:
    """Yield each line without its mark, and whether it is the solution's, and the exercise's."""
    begun = 0
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare == BEGIN:
            if begun:
                raise UsageError(f"{name}:{number} begins a solution inside that of line {begun}.")
            begun = number
        elif bare == END:
            if not begun:
                raise UsageError(f"{name}:{number} ends a solution that has not begun.")
            begun = 0
        elif bare.startswith(INSTEAD):
            indentation = line[: len(line) - len(line.lstrip())]
            wanted = bare.removeprefix(INSTEAD)
            yield (indentation + wanted.removeprefix(" ")) if wanted else "", False, True
        elif bare.endswith(LINE):
            yield line.rstrip().removesuffix(LINE).rstrip(), True, False
        else:
            yield line, True, not begun
    if begun:
        raise UsageError(f"{name}:{begun} begins a solution that has no end.", f"Add a line `{END}`.")


def mark(exercise_text: str, solution_text: str) -> str:
    """Return the marked solution of which both texts are made."""
    theirs, ours = exercise_text.splitlines(), solution_text.splitlines()
    made: list[str] = []
    matcher = difflib.SequenceMatcher(None, theirs, ours, autojunk=False)
    for what, begin, end, first, last in matcher.get_opcodes():
        if what == "equal":
            made += ours[first:last]
            continue
        for line in theirs[begin:end]:
            text = line.lstrip()
            made.append(f"{line[: len(line) - len(text)]}{INSTEAD} {text}".rstrip())
        if first < last:
            indentation = min((len(one) - len(one.lstrip()) for one in ours[first:last] if one), default=0)
            made += [" " * indentation + BEGIN, *ours[first:last], " " * indentation + END]
    return "".join(f"{line}\n" for line in made)
