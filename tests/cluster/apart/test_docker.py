"""The same course on Docker: a cluster by a daemon of the test's own, whatever this machine has."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from kindlings.cluster import engine as engines
from kindlings.cluster import node_image
from tests.cluster.apart.debian_packages import require_root
from tests.cluster.apart.own_docker import OwnDocker, own_docker
from tests.cluster.course_run import ROOT
from tests.unit.progress_log import Log

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME: Final = "own-docker"
KINDLINGS: Final = Path(sys.executable).with_name("kindlings")
NODES: Final = [f"{NAME}-control-plane", f"{NAME}-worker", f"{NAME}-worker2"]


@pytest.fixture(scope="module")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnDocker]:
    """Give a daemon of our own with the node image in it; what it is spoken to with names a cluster, too."""
    require_root()
    machine = engines.find(Log(), assume_yes=False)
    image = node_image.ensure(machine, Log())
    folder = tmp_path_factory.mktemp("docker")
    with own_docker(folder) as running:
        given = {
            "KINDLINGS_ENGINE": "docker",
            "KINDLINGS_CLUSTER": NAME,
            # Which engine worked the last time is a fact about the machine's own ones.
            "KINDLINGS_STATE_DIR": str(folder / "state"),
        }
        reference = image.reference
        if image.origin == "pulled":
            # An archive keeps no digest, and from where the daemon is nothing can be pulled.
            reference = given[node_image.IMAGE_VARIABLE] = f"localhost/kindlings/test:v{image.kubernetes}"
            machine.run("tag", image.reference, reference)
        with machine.popen("save", reference, stdout=subprocess.PIPE) as saving:
            running.run("docker", "load", stdin=saving.stdout)
        if image.origin == "pulled":
            machine.run("rmi", reference)
        yield OwnDocker(running.pid, {**running.environment, **given})


@pytest.fixture(scope="module")
def cluster(docker: OwnDocker) -> Iterator[OwnDocker]:
    """Give the daemon with a cluster in it."""
    said = docker.run(KINDLINGS, "up").stdout
    assert "Engine: docker" in said
    yield docker
    docker.run(KINDLINGS, "down")


def ready(docker: OwnDocker) -> dict[str, str]:
    """Return for each node whether it is ready, as the API server says."""
    listed = docker.run(KINDLINGS, "kubectl", "get", "nodes", "--output=json").stdout
    return {
        node["metadata"]["name"]: condition["status"]
        for node in json.loads(listed)["items"]
        for condition in node["status"]["conditions"]
        if condition["type"] == "Ready"
    }


def test_docker_brings_up_three_nodes(cluster: OwnDocker) -> None:
    """`kindlings up` on Docker ends with a control plane and two workers that are ready."""
    assert ready(cluster) == dict.fromkeys(NODES, "True")


def test_a_solution_passes_on_docker(cluster: OwnDocker) -> None:
    """A lab of module 1 passes with its solution, as it does on podman."""
    run = cluster.run(
        *(sys.executable, "-m", "pytest", "exercises/module1", "--solutions", "-k", "counter_becomes_ready"),
        *("-p", "no:cacheprovider"),
        cwd=ROOT,
    )

    assert "1 passed" in run.stdout


def test_an_image_that_nodes_lack_is_refused_at_once(cluster: OwnDocker) -> None:
    """A Pod of busybox:22 says within seconds that there is no such image, instead of trying for minutes."""
    kubectl = (KINDLINGS, "kubectl")
    cluster.run(*kubectl, "run", "missing", "--image=busybox:22", "--restart=Never")
    cluster.run(
        *(*kubectl, "wait", "pod/missing", "--timeout=10s"),
        "--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ErrImagePull",
    )

    status = json.loads(cluster.run(*kubectl, "get", "pod", "missing", "--output=json").stdout)["status"]

    assert "busybox:22: not found" in status["containerStatuses"][0]["state"]["waiting"]["message"]
    cluster.run(*kubectl, "delete", "pod", "missing", "--now")


def test_a_stopped_cluster_comes_back(cluster: OwnDocker) -> None:
    """After its nodes were stopped, as when a machine restarts, `kindlings up` starts the same cluster."""
    before = cluster.run("docker", "ps", "--quiet", "--no-trunc").stdout
    cluster.run("docker", "stop", *NODES)

    said = cluster.run(KINDLINGS, "up").stdout

    assert "Starting the cluster" in said
    assert "Creating the cluster" not in said
    assert sorted(cluster.run("docker", "ps", "--quiet", "--no-trunc").stdout.split()) == sorted(
        before.split()
    )
    assert ready(cluster) == dict.fromkeys(NODES, "True")


def test_down_leaves_neither_container_nor_volume(cluster: OwnDocker) -> None:
    """`kindlings down` removes the nodes with their volumes and what was remembered; a second one is fine."""
    said = cluster.run(KINDLINGS, "down").stdout
    again = cluster.run(KINDLINGS, "down").stdout

    assert f"The cluster {NAME} is removed" in said
    assert f"There is no cluster {NAME}" in again
    assert cluster.run("docker", "ps", "--all", "--quiet").stdout == ""
    assert cluster.run("docker", "volume", "ls", "--quiet").stdout == ""
    assert not (Path(cluster.environment["KINDLINGS_STATE_DIR"]) / NAME).exists()
