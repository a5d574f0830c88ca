"""Faults of the cluster are told apart from the learner's: waits go on after them, or end as ERROR."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import pytest
import requests
import tenacity

from kindlings import containers_ready, course, fewer_ready_than, gone, lesson, running
from kindlings.cluster import access
from kindlings.cluster.api import KINDS, PATIENCE
from kindlings.errors import InfrastructureError, LabFailure
from tests.cluster.course_run import pytest_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kindlings.cluster.kind import Cluster
    from kindlings.lab import Lab
    from kindlings.session import Session


@pytest.fixture
def solved(kindlings_session: Session, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Give a lab on the solutions of module 1."""
    yield from _opened(kindlings_session, request, course.solutions())


@pytest.fixture
def untouched(kindlings_session: Session, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Give a lab on the untouched exercises of module 1."""
    yield from _opened(kindlings_session, request, course.exercises())


def _opened(session: Session, request: pytest.FixtureRequest, folder: Path) -> Iterator[Lab]:
    about = lesson.of(_opened, "module1", ())
    lab = session.open(about, request.node.name, folder / "module1")
    yield lab
    session.close(lab, keep=False)


def test_a_command_that_its_container_does_not_outlive(untouched: Lab) -> None:
    """A command that runs while a livenessProbe has its container ended fails with the probe's line."""
    server = untouched.apply("liveness.yaml").pod("server")

    with pytest.raises(LabFailure) as failure:
        server.exec("web", "sleep", "15")

    assert failure.value.findings.because.startswith("the livenessProbe of container web (liveness.yaml:")
    assert failure.value.findings.because.endswith("connection refused")


def test_a_namespace_that_somebody_deletes_is_not_the_learners_fault(solved: Lab) -> None:
    """What is refused for want of the lab's namespace ends as ERROR."""
    pod = solved.apply("single-container.yaml").pod("counter").wait(running())
    access.delete_namespace(solved.prober, solved.namespace)
    pod.wait(gone())

    with pytest.raises(InfrastructureError, match="was deleted while the lab was under way"):
        solved.apply("sidecar.yaml")


def test_a_wait_outlives_the_api_server(solved: Lab, kind_cluster: Cluster) -> None:
    """A wait during which the API server is killed goes on when it is back, and ends as it would have."""
    pod = solved.apply("single-container.yaml").pod("counter")
    kind_cluster.engine.run("exec", f"{kind_cluster.name}-control-plane", "pkill", "-KILL", "kube-apiserver")

    pod.wait(containers_ready(1))

    # The wait needs the Pods' watch; those of the other kinds come back by themselves, and may be later.
    asked = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda outage: outage[0]),
        stop=tenacity.stop_after_delay(PATIENCE),
        wait=tenacity.wait_fixed(0.1),
        retry_error_callback=lambda state: state.outcome and state.outcome.result(),
    )
    away, longest = asked(lambda: solved.recorder.outage)
    assert not away
    assert longest > 0


@pytest.fixture
def restart_with_a_gap(
    kind_cluster: Cluster, kindlings_session: Session, tmp_path: Path
) -> Callable[[], None]:
    """Give what kills the API server such that no watch can be resumed behind it.

    A server begins with the revision that etcd then has, and knows nothing of before; whether a watch had
    come so far is chance, so a key of our own moves the revision on.
    """
    node = f"{kind_cluster.name}-control-plane"
    for name in ("ca.crt", "server.crt", "server.key"):
        text = kind_cluster.engine.run("exec", node, "cat", f"/etc/kubernetes/pki/etcd/{name}").stdout
        (tmp_path / name).write_text(text, encoding="utf-8")
    addresses = kindlings_session.admin.get(KINDS["Node"].path(name=node))["status"]["addresses"]
    etcd = next(one["address"] for one in addresses if one["type"] == "InternalIP")

    def restart() -> None:
        kind_cluster.engine.run("exec", node, "pkill", "-KILL", "kube-apiserver")
        answer = requests.post(
            f"https://{etcd}:2379/v3/kv/put",
            json={"key": b64encode(b"kindlings").decode(), "value": ""},
            cert=(str(tmp_path / "server.crt"), str(tmp_path / "server.key")),
            verify=str(tmp_path / "ca.crt"),
            timeout=10,
        )
        answer.raise_for_status()

    return restart


def test_after_an_outage_only_what_it_cannot_have_changed_is_judged(
    solved: Lab, restart_with_a_gap: Callable[[], None]
) -> None:
    """A Pod in its version of before was observed at every moment; whether there was one more was not."""
    pod = solved.apply("single-container.yaml").pod("counter").wait(containers_ready(1))
    with solved.history() as outage:
        restart_with_a_gap()
        pod.hold(running(), seconds=2)

    with pytest.raises(InfrastructureError, match="Not observed"):
        outage.never(fewer_ready_than(1))


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
