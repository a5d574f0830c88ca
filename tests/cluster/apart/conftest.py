"""A cluster that the tests of what users meet have for themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kindlings.cluster import state
from kindlings.cluster.down import down
from kindlings.cluster.up import Settings, up
from tests.unit.progress_log import Log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.cluster.kind import Cluster


@pytest.fixture(scope="package")
def trial(kind_cluster: object) -> Iterator[str]:  # noqa: ARG001 - its images and tools are taken
    """Give the name of a cluster that nobody else uses, and remove it at the end."""
    name = f"{state.chosen_name()}-trial"
    down(Log(), name=name)
    yield name
    down(Log(), name=name)


@pytest.fixture
def cluster(trial: str) -> Cluster:
    """Give that cluster, up."""
    return up(Log(), Settings(name=trial))
