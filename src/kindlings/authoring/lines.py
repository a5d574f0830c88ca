"""The ways in which a file of kubectl lines is made wrong."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final

from kindlings.authoring import values
from kindlings.authoring.edits import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD: Final = re.compile(r"""(?:'[^']*'|"[^"]*"|\S)+""")
_TWO_WORDS: Final = frozenset({"rollout", "set"})


def of(text: str) -> Iterator[Edit]:
    """Yield all edits of a file of commands, in the order of its lines."""
    found: list[tuple[int, int, int]] = []
    start = 0
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if line.startswith("kubectl"):
            found.append((number, start, start + len(line)))
            yield Edit("remove-line", line.strip()[:40], number, start, start + len(line), "", frozenset())
            yield from _words(line, number, start)
        start += len(line)
    for (number, first, end), (other, second, last) in itertools.pairwise(found):
        new = f"{text[second:last]}{text[end:second]}{text[first:end]}"
        yield Edit("swap", "lines", number, first, last, new, frozenset({number, other}))


def _words(line: str, number: int, offset: int) -> Iterator[Edit]:
    """Yield typos in the verb and in what it is about, other flags, and other values of flags."""
    words = list(_WORD.finditer(line))
    verb = 3 if words[1][0] in _TWO_WORDS else 2
    behind = ""
    for index, found in enumerate(words):
        word, begin = found[0], found.start()
        for operator, old in _parts(index, verb, word, behind):
            at = offset + begin + word.index(old)
            new = values.typo(old) if operator in {"verb", "flag"} else values.changed(old)
            yield Edit(operator, f"{word}~{new}", number, at, at + len(old), new, frozenset({number}))
        if word.startswith("-") and index >= verb:
            alone = "=" in word or index + 1 == len(words)  # else its value is the next word
            end = offset + (found.end() if alone else words[index + 1].end())
            yield Edit("remove", word, number, offset + begin - 1, end, "", frozenset({number}))
        behind = word


def _parts(index: int, verb: int, word: str, behind: str) -> Iterator[tuple[str, str]]:
    """Yield what of a word is changed, by the operator that changes it."""
    if index < verb:
        yield "verb", word
        return
    if word.startswith("--"):
        name, equals, value = word.lstrip("-").partition("=")
        yield "flag", name
        if equals:
            yield "value", value
        return
    if re.fullmatch(r"-\w", word):
        return  # its value is the next word
    operator = "value" if re.fullmatch(r"-\w", behind) else "about"
    for part in re.split(r"[=/](?!\d)", word, maxsplit=1):
        yield operator, part
