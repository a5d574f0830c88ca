"""What is taken away from the cluster beside the course's comes back, also after SIGKILL."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import tenacity

from kindlings.cluster import breaking, state
from kindlings.cluster.up import Settings, up
from kindlings.experiments import api_readiness, deleted_pod, new_pod, new_service, perform, silent_node
from tests.cluster.course_run import ROOT, pytest_run
from tests.unit.progress_log import Log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kindlings.cluster.kind import Cluster
    from kindlings.experiments import Experiment


@pytest.fixture(scope="module")
def breakable(kind_cluster: Cluster) -> Cluster:
    """Give the cluster in which parts may be taken away."""
    return up(Log(), Settings(name=state.break_name(kind_cluster.name)))


def whole(cluster: Cluster) -> bool:
    """Tell whether every part runs, nothing is to be undone, and the API server and the node are ready."""
    return (
        not breaking.journal(cluster.name).exists()
        and all(breaking._runs(cluster, part) for part in breaking.COMPONENTS.values())
        and cluster.ask("get", "--raw=/readyz") == "ok"
        and " Ready " in cluster.ask("get", "nodes", "--no-headers")
    )


@pytest.mark.parametrize("component", breaking.COMPONENTS)
def test_a_component_that_is_given_back_is_back(breakable: Cluster, component: str) -> None:
    """Each one is away inside the block, and the cluster is whole behind it."""
    with breaking.alone(breakable), breaking.without(breakable, component):
        assert breaking.taken(breakable.name) == component
    assert whole(breakable)


@pytest.mark.parametrize("test", ["chooses_a_node", "reports_the_node", "leads_to_pods", "keeps_the_state"])
def test_what_a_killed_run_broke_is_mended_by_the_next(breakable: Cluster, test: str, tmp_path: Path) -> None:
    """A run that is ended by SIGKILL while a component is away leaves it so; the next run gives it back."""
    arguments = ["exercises/module0", "--solutions", "-q", "-p", "no:cacheprovider", "-k", test]
    command = [sys.executable, "-m", "pytest", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        _await_taken(breakable, run)
        run.kill()
    assert breaking.taken(breakable.name)

    # A run of another module, which has nothing to do with it.
    after = pytest_run(tmp_path, "exercises/module1", "--solutions", "-k", "becomes_ready")

    assert after.code == 0, after.output
    assert whole(breakable)


def _await_taken(cluster: Cluster, run: subprocess.Popen[bytes]) -> None:
    """Wait until the run has taken something away, as its journal says."""
    waiting: tenacity.Retrying = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda away: not away and run.poll() is None),
        stop=tenacity.stop_after_delay(120),
        wait=tenacity.wait_fixed(0.05),
    )
    waiting(breaking.taken, cluster.name)


@pytest.mark.parametrize(
    ("experiment", "component"),
    [
        (new_pod, "kube-controller-manager"),
        (deleted_pod, "kube-proxy"),
        (new_service, "kube-scheduler"),
        (silent_node, "kube-proxy"),
        (api_readiness, "kubelet"),
    ],
)
def test_a_component_with_another_job_stops_nothing(
    breakable: Cluster, experiment: Callable[[], Experiment], component: str
) -> None:
    """The experiments tell who has the job from who has not: with another one away, all goes on."""
    seen = perform(experiment(), component, breakable)
    assert seen.outcome in {"runs", "is-replaced", "answers", "stays-ready"}, seen
