"""How the course's tests are spread over pytest-xdist's workers: one line for one thing.

The cluster has some things once (its node ports, the folders of its nodes, the cluster that may be broken),
and a test that needs one has it for itself. Where such tests are one worker's, no other stands idle for them.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from xdist.scheduler import LoadScopeScheduling

from kindlings.desk import syllabus
from kindlings.errors import UsageError
from kindlings.session import shared

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pytest


class ByNeed(LoadScopeScheduling):  # type: ignore[misc] # it has no types
    """Gives tests that need the same shared thing to one worker, and every other test to whoever is free."""

    def __init__(self, config: pytest.Config, log: object, needed: Callable[[str], str]) -> None:
        """Spread the tests of `config`'s run, and say so in xdist's `log`.

        `needed` returns the shared thing that the test of a node ID needs, or "".
        """
        super().__init__(config, log)
        self._needed: Final = needed

    def _split_scope(self, nodeid: str) -> str:
        """Return the shared thing that a test needs, or the test itself."""
        return self._needed(nodeid) or nodeid


def by_the_lesson(root: Path) -> Callable[[str], str]:
    """Return what tells what a lesson's test needs; node IDs begin with its file's path from `root`."""

    def needed(nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        return _needs(root / file).get(test.partition("[")[0], "")

    return needed


@functools.cache
def _needs(source: Path) -> Mapping[str, str]:
    """Return, for the tests of a file that need something shared, what it is."""
    try:
        exercises = syllabus.read(source)
    except UsageError:
        return {}  # pytest itself says what is wrong with the file
    return {one.test: need for one in exercises if (need := shared(one.needs))}
