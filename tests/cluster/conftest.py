"""Options of the cluster's tests, and their cluster where workers run them."""

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
