"""Options of the cluster's tests, and their cluster where workers run them."""

from __future__ import annotations

import pytest

from kindlings.plugin import bring_up

OWN_CLUSTERS = frozenset({"test_bad_circumstances", "test_docker", "test_pull_path"})
"""The files whose tests make clusters of their own, and mostly wait for them."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --record."""
    parser.addoption("--record", action="store_true", help="write the wrong answers' messages anew")


def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Bring the cluster up before there are workers, which only attach to it."""
    bring_up(config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let two workers run all (--dist loadgroup): one on the course's cluster, one on clusters of its own.

    Wrong answers are in no group: each has a namespace of its own, and any worker may run it.
    """
    for item in items:
        if item.path.stem in OWN_CLUSTERS:
            item.add_marker(pytest.mark.xdist_group("own clusters"))
        elif item.path.stem != "test_wrong_answers":
            item.add_marker(pytest.mark.xdist_group("the course's cluster"))
