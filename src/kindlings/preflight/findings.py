"""What preflight says of a manifest: one finding for each thing to mend."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from kindlings.errors import Place
    from kindlings.manifests import Document, FieldPath

Level = Literal["error", "warning"]
"""An error is what the API server refuses; a warning what it takes, and what seldom works as it was meant."""

HERE: Final = "\0"
"""Stands in a finding's `what` where the place belongs if no frame shows it."""

_LONGEST: Final = 80


@dataclass(frozen=True)
class Finding:
    """One thing to mend: what it is, where, why it matters, and how to mend it."""

    level: Level
    what: str
    place: Place
    why: str
    mend: str
    rule: str = ""
    """Which check has found it, as a short name: unknown-field, service-selector."""
    objects: frozenset[tuple[str, str]] = frozenset()
    """The kinds and names of the objects that it is about."""

    @property
    def message(self) -> str:
        """Return what it is, for a reader to whom the place is shown beside it."""
        return self.what.replace(HERE, "")

    @property
    def because(self) -> str:
        """Return what it is with its place in it, as a learner's message has it."""
        named = f" ({self.place})"
        return self.what.replace(HERE, named, 1) if HERE in self.what else self.what + named


def advised(what: str, mend: str) -> str:
    """Return one line out of what is wrong and the sentence that says how to mend it.

    The latter is left out where `what` itself asks what was meant, or names what is to be written: of
    "tty wants true or false" nobody need be told to write true or false.
    """
    advice = mend.removesuffix(".")
    if what.endswith("?") or advice.removeprefix("Write ").removeprefix("one of ") in what:
        return what
    return f"{what}: {advice[:1].lower()}{advice[1:]}"


def about(*documents: Document) -> frozenset[tuple[str, str]]:
    """Return the kinds and names of documents, for a finding's `objects`."""
    return frozenset((one.kind, one.name) for one in documents)


def shown(value: object) -> str:
    """Return a value of the learner's as one printable piece of at most 80 characters."""
    text = str(value).lower() if isinstance(value, bool) else "nothing" if value is None else str(value)
    line = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def called(path: FieldPath) -> str:
    """Return how a person calls the holder of a field: "a container", "spec", "metadata"."""
    if not path:
        return "the object itself"
    if isinstance(path[-1], int):
        group = str(path[-2])
        if group in {"containers", "initContainers"}:
            return "a container"
        return f"an item of {group}"
    return ".".join(str(part) for part in path if isinstance(part, str))


def near(text: str, words: tuple[str, ...] | list[str]) -> str:
    """Return the one of `words` that `text` is most like, or an empty string."""
    folded = {one.lower(): one for one in words}
    if text.lower() in folded:
        return folded[text.lower()]
    return next(iter(difflib.get_close_matches(text, words, n=1, cutoff=0.6)), "")


def word(value: object) -> str:
    """Return `value` where it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def whole(value: object) -> int | None:
    """Return `value` where it is a whole number, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def mapping(value: object) -> dict[str, Any]:
    """Return `value` where it is a mapping, else an empty one: a wrong type is another check's to tell."""
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> list[tuple[int, dict[str, Any]]]:
    """Return those items of a list that are mappings, each with its index."""
    items = value if isinstance(value, list) else []
    return [(index, item) for index, item in enumerate(items) if isinstance(item, dict)]
