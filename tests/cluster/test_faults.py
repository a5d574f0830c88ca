"""Faults of the cluster are told apart from the learner's: waits go on after them, or end as ERROR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kindlings import containers_ready, course, lesson, running
from tests.cluster.course_run import pytest_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kindlings.cluster.kind import Cluster
    from kindlings.lab import Lab
    from kindlings.session import Session


@pytest.fixture
def solved(kindlings_session: Session, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Give a lab on the solutions of module 1."""
    folder = course.solutions() / "module1"
    lab = kindlings_session.open(lesson.of(solved, "module1", ()), request.node.name, folder)
    yield lab
    kindlings_session.close(lab, keep=False)


def test_a_wait_outlives_the_api_server(solved: Lab, kind_cluster: Cluster) -> None:
    """A wait during which the API server is killed goes on when it is back, and ends as it would have."""
    pod = solved.apply("single-container.yaml").pod("counter")
    kind_cluster.engine.run("exec", f"{kind_cluster.name}-control-plane", "pkill", "-KILL", "kube-apiserver")

    pod.wait(containers_ready(1))

    away, longest = solved.recorder.outage
    assert not away
    assert longest > 0


def test_a_history_without_a_gap_is_judged_after_an_outage(solved: Lab, kind_cluster: Cluster) -> None:
    """What stays true while the API server restarts is held, since its watches are resumed without a gap."""
    pod = solved.apply("single-container.yaml").pod("counter").wait(running())
    kind_cluster.engine.run("exec", f"{kind_cluster.name}-control-plane", "pkill", "-KILL", "kube-apiserver")

    pod.hold(running(), seconds=2)


def test_a_cluster_that_does_not_answer_is_an_error(kind_cluster: Cluster, tmp_path: Path) -> None:
    """A run against a kubeconfig whose server is not there ends as ERROR with exit code 7, and no FAILED."""
    kubeconfig = tmp_path / "kubeconfig"
    text = kind_cluster.kubeconfig_path.read_text(encoding="utf-8")
    server = next(line for line in text.splitlines() if "server:" in line)
    kubeconfig.write_text(text.replace(server, "    server: https://127.0.0.1:9"), encoding="utf-8")

    run = pytest_run(
        tmp_path,
        "exercises/module1",
        "--solutions",
        f"--kube-context=kind-{kind_cluster.name}",
        KUBECONFIG=str(kubeconfig),
        KINDLINGS_PATIENCE="2",
    )

    assert run.code == 7, run.output
    assert run.named("error") == sorted(run.outcomes)
    assert "API server at https://127.0.0.1:9 does not answer" in run.output
    assert "Traceback" not in run.output


def test_a_kubeconfig_that_is_gone_is_written_again(kind_cluster: Cluster, tmp_path: Path) -> None:
    """After the cluster's kubeconfig was deleted, a run of the course works all the same."""
    kind_cluster.kubeconfig_path.unlink()

    run = pytest_run(tmp_path, "exercises/module1", "--solutions", "-k", "becomes_ready")

    assert run.code == 0, run.output
    assert kind_cluster.kubeconfig_path.exists()
