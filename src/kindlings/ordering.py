"""In which order a module's tests run: that of the lesson, which is read from its top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kindlings.desk import syllabus
from kindlings.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def arrange(items: list[pytest.Item]) -> None:
    """Put each module's tests in the lesson's order, in the places that they have in `items`."""
    for folder in dict.fromkeys(item.path.parent for item in items):
        if syllabus.MODULE.fullmatch(folder.name) and (ranks := _ranks(folder)):
            places = [place for place, item in enumerate(items) if item.path.parent == folder]
            its = sorted((items[place] for place in places), key=lambda item: _rank(item, ranks))
            for place, item in zip(places, its, strict=True):
                items[place] = item


def _rank(item: pytest.Item, ranks: dict[tuple[str, str], int]) -> int:
    name = item.name.partition("[")[0]
    return ranks.get((item.path.name, name), len(ranks))


def _ranks(folder: Path) -> dict[tuple[str, str], int]:
    """Return the rank of each test by its file and its name; none where a file cannot be read."""
    try:
        exercises = syllabus.of_folder(folder)
    except UsageError:
        return {}  # pytest itself says what is wrong with the file
    return {(one.source.name, one.test): rank for rank, one in enumerate(exercises)}
