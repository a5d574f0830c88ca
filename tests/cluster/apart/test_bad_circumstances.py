"""What users meet, on a cluster and in folders of the tests' own: Ctrl-C, stopped nodes, full disks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from kindlings import course, lesson, running, waiting
from kindlings.cluster import state
from kindlings.errors import InfrastructureError
from kindlings.session import Session
from tests.cluster.apart.debian_packages import require_root
from tests.cluster.apart.small_disk import small_disk
from tests.cluster.course_run import ROOT, pytest_run

if TYPE_CHECKING:
    from kindlings.cluster.kind import Cluster

KINDLINGS: Final = Path(sys.executable).with_name("kindlings")
LESSON: Final = ("exercises/module1", "--solutions", "-k", "becomes_ready")


def kindlings(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, stderr in stdout."""
    return subprocess.run(
        [KINDLINGS, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )


def test_ctrl_c_while_the_cluster_is_made_leaves_no_half_one(trial: str, tmp_path: Path) -> None:
    """Ctrl-C while kind works ends with 130; the next run of the course replaces what is there and passes."""
    with subprocess.Popen(
        [KINDLINGS, "--name", trial, "up"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        said = []
        for line in process.stdout or ():
            said.append(line)
            if "Writing configuration" in line:
                # As a terminal does: to every process in the foreground.
                os.killpg(process.pid, signal.SIGINT)

    assert process.returncode == 130, said
    assert said[-1] == "kindlings: interrupted; run the same command again to go on\n"
    assert state.load(trial) is None

    run = pytest_run(tmp_path, *LESSON, KINDLINGS_CLUSTER=trial)
    assert run.code == 0, run.output
    assert "was begun and never finished: replacing it" in run.output


def test_a_stopped_cluster_comes_back(cluster: Cluster) -> None:
    """After its nodes were stopped, `up` starts the same ones again."""
    before = {node.name for node in cluster.nodes()}
    cluster.engine.run("stop", *sorted(before, reverse=True))

    came = kindlings("--name", cluster.name, "up")

    assert came.returncode == 0, came.stdout
    assert "Starting the cluster: done" in came.stdout
    assert {node.name for node in cluster.nodes() if node.runs} == before


def test_a_node_that_stops_is_not_the_learners(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the workers stop under a lab, the wait for its Pod ends as an error that names the node."""
    monkeypatch.setattr(waiting, "AFTER_OUTAGE", 3.0)  # the nodes do not come back
    session = Session(cluster.kubeconfig_path, "trial")
    about = lesson.of(test_a_node_that_stops_is_not_the_learners, "module1", ())
    # A cluster that has just come back is ready some seconds before its scheduler leads again.
    before = session.open(about, "runs", course.solutions() / "module1")
    before.apply("single-container.yaml").pod("counter").wait(running())
    session.close(before, keep=False)
    lab = session.open(about, "stops", course.solutions() / "module1")
    workers = [node.name for node in cluster.nodes() if "worker" in node.name]
    cluster.engine.run("pause", *workers)
    try:
        pod = lab.apply("single-container.yaml").pod("counter")

        with pytest.raises(InfrastructureError, match=rf"node {cluster.name}-worker2? has not taken notice"):
            pod.wait(running(), timeout=5)
    finally:
        cluster.engine.run("unpause", *workers)
        session.close(lab, keep=False)
        session.end(keep=False)


def test_a_full_disk_is_told_plainly(tmp_path: Path) -> None:
    """Where the state folder's disk is full, `up` says so in a line and ends with 7."""
    with small_disk(tmp_path / "full", "size=64k") as full:
        (full / "ballast").write_bytes(b"x" * (full.stat().st_blksize * 15))
        ended = kindlings("up", KINDLINGS_STATE_DIR=str(full / "state"))

    assert ended.returncode == 7, ended.stdout
    assert "No space left on device" in ended.stdout
    assert str(full) in ended.stdout
    assert "Traceback" not in ended.stdout


def test_a_cache_that_may_not_be_written_is_told_plainly(tmp_path: Path) -> None:
    """Where the cache folder's disk is read-only, `up --from-source` names it and ends with 7."""
    with small_disk(tmp_path / "fixed", "ro") as fixed:
        ended = kindlings(
            *("--name", "elsewhere", "up", "--from-source"),
            KINDLINGS_CACHE_DIR=str(fixed / "cache"),
            KINDLINGS_STATE_DIR=str(tmp_path / "state"),
            PATH="/usr/sbin:/usr/bin:/sbin:/bin",
        )

    assert ended.returncode == 7, ended.stdout
    assert str(fixed) in ended.stdout
    assert "Traceback" not in ended.stdout


def test_without_network_what_cannot_be_had_is_named(tmp_path: Path) -> None:
    """With empty caches and no network, `up` says what it tried and what to do, and ends with 7."""
    require_root()
    ended = subprocess.run(
        ["/usr/bin/unshare", "--net", KINDLINGS, "--name", "elsewhere", "up"],
        cwd=ROOT,
        env={
            **os.environ,
            "KINDLINGS_CACHE_DIR": str(tmp_path / "cache"),
            "KINDLINGS_STATE_DIR": str(tmp_path / "state"),
            "GOMODCACHE": str(tmp_path / "modules"),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )

    assert ended.returncode == 7, ended.stdout
    assert "network is unreachable" in ended.stdout
    assert "run the command again" in ended.stdout
    assert "Traceback" not in ended.stdout
