"""What the lessons' READMEs show is what the cluster says."""

from __future__ import annotations

import sys

from kindlings.authoring import replaying
from kindlings.console import PlainProgress

MODULES = ("module1", "module2")
"""Those that take the least time; `kindlings author regenerate --check` looks at all."""


def test_no_readme_shows_what_the_cluster_does_not_say() -> None:
    """Every marked block, done again with the solutions, prints what stands in it."""
    drifts = replaying.record_all(MODULES, PlainProgress(sys.stderr), write=False)
    assert not drifts, "\n".join(["run `kindlings author regenerate`", *(drift.said for drift in drifts)])
