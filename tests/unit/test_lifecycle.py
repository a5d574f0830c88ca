"""`up` and `down`: what is found is used, started, or replaced; on a machine made of fakes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import filelock
import pytest

from kindlings.cluster import down, images, machine, node_image, ports, state, tools
from kindlings.cluster.node_image import NodeImage
from kindlings.cluster.up import Settings, attach, up
from kindlings.errors import InfrastructureError, UsageError
from kindlings.progress import Hushed
from tests.unit.progress_log import Log
from tests.unit.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.progress import Step

IMAGE = NodeImage("localhost/kindlings/node:v1.36.3-x", "1.36.3", "built")


def patch(patcher: pytest.MonkeyPatch, world: World) -> None:
    """Leave out what has tests of its own: tools, node image, the course's images, memory and disk."""
    patcher.setattr(tools, "kind", lambda _: world.bin / "kind")
    patcher.setattr(tools, "kubectl", lambda _: world.bin / "kubectl")
    patcher.setattr(node_image, "ensure", lambda *_, **__: IMAGE)
    patcher.setattr(images, "archive", lambda *_: None)
    patcher.setattr(machine, "check", lambda *_: None)
    patcher.setattr(ports, "NODE_PORTS", (32000, 31000))
    patcher.setattr(ports, "is_free", lambda _: True)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Give a machine with podman, kind and kubectl, and no cluster."""
    made = World(tmp_path)
    made.install("podman", "kind", "kubectl")
    monkeypatch.setenv("PATH", str(made.bin))
    monkeypatch.setenv("KINDLINGS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("KINDLINGS_CLUSTER", raising=False)
    monkeypatch.setenv("KINDLINGS_ENGINE", "podman")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "the-learners-own"))
    patch(monkeypatch, made)
    return made


def created(world: World) -> int:
    """Return how often a cluster was created."""
    return len(world.calls("kind create cluster"))


def test_from_nothing_to_a_cluster(world: World) -> None:
    """A first `up` creates the cluster and applies the add-ons."""
    cluster = up(Log())
    assert created(world) == 1
    assert cluster.node_ports == {32000: 32000, 31000: 31000}
    assert cluster.kubernetes == "1.36.3"
    assert "failCgroupV1" in world.state["config"] or Path("/sys/fs/cgroup/cgroup.controllers").exists()
    assert any("apply" in call for call in world.calls("kubectl"))


def test_a_running_cluster_is_reused(world: World) -> None:
    """A second `up` changes nothing."""
    up(Log())
    before = world.state["nodes"]
    applied = [call for call in world.calls("kubectl") if " apply " in call]
    up(Log())
    assert created(world) == 1
    assert world.state["nodes"] == before
    assert [call for call in world.calls("kubectl") if " apply " in call] == applied


def test_workers_attach_without_looking(world: World) -> None:
    """`attach` asks neither engine nor cluster."""
    made = up(Log())
    calls = world.state["calls"]
    found = attach()
    assert (found.kubeconfig_path, found.node_ports) == (made.kubeconfig_path, made.node_ports)
    assert world.state["calls"] == calls


def test_attaching_to_nothing_is_an_error(world: World) -> None:
    """Without a cluster `attach` says what brings one."""
    assert created(world) == 0
    with pytest.raises(InfrastructureError, match="no cluster kindlings"):
        attach()


def test_nothing_is_left_in_the_learners_folder(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pytest-kind's own folder appears nowhere the learner looks, and their kubeconfig stays untouched."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    up(Log())
    assert created(world) == 1
    assert not list(here.iterdir())
    assert not (tmp_path / "the-learners-own").exists()


def test_a_stopped_cluster_is_started_control_plane_first(world: World) -> None:
    """Nodes that were stopped are started again, and nothing is created."""
    up(Log())
    with world.edit() as changed:
        for node in changed["nodes"].values():
            node.update(state="exited", alive=False)
    up(Log())
    started = [call.split()[-1] for call in world.calls("podman start")]
    assert started == ["kindlings-control-plane", "kindlings-worker", "kindlings-worker2"]
    assert created(world) == 1


def test_a_killed_cluster_is_replaced_with_a_word(world: World) -> None:
    """Nodes of which podman says "Up" but in which nothing runs are deleted and made anew."""
    up(Log())
    with world.edit() as changed:
        for node in changed["nodes"].values():
            node.update(state="Up 3 minutes ago", alive=False)
    log = Log()
    up(log)
    assert created(world) == 2
    assert len(world.calls("kind delete cluster")) == 1
    assert any("without processes" in line and "replacing it" in line for line in log.said)


def test_a_stopped_cluster_whose_port_was_taken_is_recreated(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The port mapping is fixed at creation: with its port gone the cluster is made anew on another one."""
    up(Log())
    with world.edit() as changed:
        for node in changed["nodes"].values():
            node.update(state="exited", alive=False)
    monkeypatch.setattr(ports, "is_free", lambda port: port != 32000)
    log = Log()
    cluster = up(log)
    assert created(world) == 2
    assert cluster.node_ports == {32000: 32001, 31000: 31000}
    assert any("32000 was taken by another program" in line for line in log.said)
    assert any("using 32001" in line for line in log.said)


def test_the_cluster_of_another_account_is_left_alone(world: World) -> None:
    """It runs and was never begun from here: who is told so finds it untouched, and what to do."""
    with world.edit() as changed:
        changed["nodes"]["kindlings-control-plane"] = {"state": "running", "alive": True}
    with pytest.raises(InfrastructureError, match="somebody may be at work on it") as caught:
        up(Log())
    assert "kindlings --name NAME up" in caught.value.advice
    assert not world.calls("kind delete cluster")
    assert world.state["nodes"]


@pytest.mark.parametrize("node", [{"state": "exited", "alive": False}, {"state": "running", "alive": False}])
def test_what_another_account_left_dead_is_replaced(world: World, node: dict[str, object]) -> None:
    """Nobody is at work on a cluster whose nodes have stopped, or have no processes."""
    with world.edit() as changed:
        changed["nodes"]["kindlings-control-plane"] = node
    up(Log())
    assert len(world.calls("kind delete cluster")) == 1
    assert created(world) == 1


def test_an_unfinished_cluster_is_never_reused(world: World) -> None:
    """Nodes without a record are what an interrupted creation left: they go."""
    begun = state.config("kindlings")
    begun.parent.mkdir(parents=True)
    begun.touch()
    with world.edit() as changed:
        changed["nodes"]["kindlings-control-plane"] = {"state": "running", "alive": True}
    log = Log()
    up(log)
    assert len(world.calls("kind delete cluster")) == 1
    assert created(world) == 1
    assert any("never finished" in line for line in log.said)


def test_addons_that_fail_leave_no_trusted_cluster(world: World) -> None:
    """Only a cluster with its add-ons counts as finished."""
    world.fail("kubectl --request-timeout=180s apply", "server error")
    with pytest.raises(InfrastructureError, match="server error"):
        up(Log())
    assert state.load("kindlings") is None
    with world.edit() as changed:
        changed["faults"].clear()
    up(Log())
    assert created(world) == 2


def test_a_cluster_whose_addons_do_not_come_back_is_replaced(world: World) -> None:
    """What is there and cannot be made whole goes, with a word: else each `up` would end in that error."""
    up(Log())
    with world.edit() as changed:
        changed["annotations"].clear()
    world.fail("kubectl --request-timeout=120s rollout status", "error: timed out", once=True)
    log = Log()
    up(log)
    assert created(world) == 2
    said = next(line for line in log.said if line.endswith(": replacing it"))
    assert said.startswith("The cluster kindlings does not become ready again (`kubectl rollout status")
    up(Log())
    assert created(world) == 2


def test_a_lost_kubeconfig_is_written_anew(world: World) -> None:
    """Kind exports it again; the cluster stays."""
    cluster = up(Log())
    cluster.kubeconfig_path.unlink()
    up(Log())
    assert cluster.kubeconfig_path.exists()
    assert created(world) == 1


def test_another_node_image_means_another_cluster(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster of an older node image is replaced."""
    up(Log())
    newer = NodeImage("localhost/kindlings/node:v1.36.3-y", "1.36.3", "built")
    monkeypatch.setattr(node_image, "ensure", lambda *_, **__: newer)
    log = Log()
    assert up(log).node_image == newer
    assert created(world) == 2
    assert any("another node image" in line for line in log.said)


def test_a_cluster_without_an_image_of_the_course_is_replaced(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer course may have more images, and a pulled node image stays the same."""
    up(Log())
    more = (*images.course_images(), "redis:8.0")
    monkeypatch.setattr(images, "course_images", lambda: more)
    log = Log()
    up(log)
    assert created(world) == 2
    assert any("lacks its images" in line for line in log.said)


def test_fresh_replaces_a_cluster_that_is_well(world: World) -> None:
    """--fresh creates a new one."""
    up(Log())
    up(Log(), Settings(fresh=True))
    assert created(world) == 2


def test_a_failed_creation_quotes_kind(world: World) -> None:
    """Kind's own summary is the message, its whole output stays in a file."""
    world.fail("kind create", "ERROR: failed to create cluster: no room\nand\npages\nmore")
    with pytest.raises(InfrastructureError, match="no room") as caught:
        up(Log())
    assert "kind.log" in caught.value.advice
    assert "pages" in (state.folder("kindlings") / "kind.log").read_text(encoding="utf-8")


def test_pulling_is_off_until_allowed(world: World) -> None:
    """Nodes get the responder's address at first, and lose it with --allow-pull; later runs keep that."""
    up(Log())
    assert len([call for call in world.calls("podman exec") if "tar" in call]) == 3
    up(Log(), Settings(allow_pull=True))
    up(Log())
    assert len([call for call in world.calls("podman exec") if " rm " in call]) == 3
    assert len([call for call in world.calls("podman exec") if "tar" in call]) == 3


def test_down_removes_the_cluster_and_its_state(world: World) -> None:
    """After `down` nothing is left, and a second one is fine."""
    up(Log())
    log = Log()
    down.down(log)
    down.down(log)
    assert not world.state["nodes"]
    assert not state.folder("kindlings").exists()
    assert log.said == ["The cluster kindlings is removed", "There is no cluster kindlings"]


def test_a_name_that_kind_refuses_is_refused_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """KINDLINGS_CLUSTER is checked before anything is done."""
    monkeypatch.setenv("KINDLINGS_CLUSTER", "No Such Name")
    with pytest.raises(UsageError, match="cannot be a cluster's name"):
        Settings()


def test_a_busy_port_gives_way_to_the_next() -> None:
    """A port on which something listens is not chosen."""
    with socket.socket() as server:
        server.bind((ports.ADDRESS, 0))
        server.listen(1)
        port = server.getsockname()[1]
        assert not ports.is_free(port)
        assert ports.choose([port])[port] > port


# In processes of their own, as users have them.

_UP = """
import sys
import pytest
from pathlib import Path
from kindlings.cluster.up import up
from kindlings.console import make_progress
from tests.unit.test_lifecycle import patch
from tests.unit.world import World

world = World.__new__(World)
world.path = Path(sys.argv[1]); world.bin = world.path.with_name("bin")
patch(pytest.MonkeyPatch(), world)
up(make_progress(sys.stderr))
"""


def _start(world: World) -> subprocess.Popen[str]:
    root = Path(__file__).resolve().parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", _UP, str(world.path)],
        cwd=root,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.fixture
def two(world: World) -> Iterator[list[subprocess.Popen[str]]]:
    """Start two `up` at once, with a creation that takes a while."""
    with world.edit() as changed:
        changed["hang"] = 1.5
    processes = [_start(world), _start(world)]
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def test_two_at_once_create_one_cluster(world: World, two: list[subprocess.Popen[str]]) -> None:
    """The second one waits, says so, and uses what the first one made."""
    said = [process.communicate(timeout=60)[1] for process in two]
    assert [process.returncode for process in two] == [0, 0], said
    assert created(world) == 1
    assert sum("Waiting for another kindlings" in text and "done in" in text for text in said) == 1


def test_an_interrupted_creation_is_not_reused(world: World) -> None:
    """Ctrl-C while kind works ends at once, and the next `up` starts from the beginning."""
    with world.edit() as changed:
        changed["hang"] = 30
    process = _start(world)
    assert process.stderr is not None
    for line in process.stderr:
        if "Preparing nodes" in line:
            break
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode != 0
    assert world.state["nodes"]
    with world.edit() as changed:
        changed["hang"] = 0
    log = Log()
    up(log)
    assert created(world) == 2
    assert any("never finished" in line for line in log.said)


def test_waiting_for_another_kindlings_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also to whom remarks are hushed, as in a run of pytest; nothing is done before the other has ended."""
    monkeypatch.setenv("KINDLINGS_STATE_DIR", str(tmp_path))
    other = filelock.FileLock(tmp_path / "kindlings.lock")

    class Waiting(Log):
        @contextmanager
        def step(self, title: str, total: float) -> Iterator[Step]:
            """Let the other one end as soon as this one waits for it."""
            other.release()
            with super().step(title, total) as step:
                yield step

    log = Waiting()
    with other.acquire(), state.locked("kindlings", Hushed(log)):
        assert log.steps == ["Waiting for another kindlings that is at work on the cluster kindlings"]
        assert not other.is_locked
    with state.locked("kindlings", Hushed(log)):
        assert len(log.steps) == 1
