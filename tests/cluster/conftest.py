"""Options of the cluster's tests, and their cluster and their order where workers run them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kindlings.plugin import bring_up

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --record."""
    parser.addoption("--record", action="store_true", help="write the wrong answers' messages anew")


def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Bring the cluster up before there are workers, which only attach to it."""
    bring_up(config)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Spread wrong answers as the course spreads its lessons."""
    from kindlings import spreading  # noqa: PLC0415 - needs pytest-xdist
    from kindlings.authoring import answers  # noqa: PLC0415 - seldom needed
    from kindlings.session import shared  # noqa: PLC0415 - the same
    from tests.cluster.test_wrong_answers import FOLDERS  # noqa: PLC0415 - the same

    needs = {
        f"{folder.parent.name}-{folder.name}": shared(answers.the_lesson(folder).about.needs)
        for folder in FOLDERS
    }
    return spreading.ByNeed(
        config, log, lambda nodeid: needs.get(nodeid.partition("[")[2].removesuffix("]"), "")
    )
