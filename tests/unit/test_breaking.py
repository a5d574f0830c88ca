"""Taking parts of a cluster away: on the disk before it is done, given back whatever happens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from kindlings.cluster import breaking, doctor, down, shapes, state
from kindlings.cluster.engine import Engine
from kindlings.cluster.up import Settings, attach, up
from kindlings.errors import InfrastructureError, UsageError
from tests.unit.progress_log import Log
from tests.unit.test_lifecycle import patch
from tests.unit.world import World

if TYPE_CHECKING:
    from kindlings.cluster.kind import Cluster

BREAK = "kindlings-break"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Give a machine with podman, kind and kubectl, and no cluster."""
    made = World(tmp_path)
    made.install("podman", "kind", "kubectl")
    monkeypatch.setenv("PATH", str(made.bin))
    monkeypatch.setenv("KINDLINGS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("KINDLINGS_CLUSTER", raising=False)
    monkeypatch.setenv("KINDLINGS_ENGINE", "podman")
    patch(monkeypatch, made)
    return made


@pytest.fixture
def cluster(world: World) -> Cluster:
    """Give the cluster in which things may be broken."""
    assert world.bin.is_dir()
    return up(Log(), Settings(name=BREAK))


def away(world: World) -> list[str]:
    """Return what is taken away now."""
    found: list[str] = world.state.get("away", [])
    return found


def killed(cluster: Cluster, component: str) -> None:
    """Leave what a run leaves that is ended by SIGKILL in the middle of an experiment."""
    breaking._write(cluster.name, component)
    breaking._take(cluster, breaking.COMPONENTS[component])


# Its shape.


def test_the_name_tells_the_shape(world: World, cluster: Cluster) -> None:
    """The cluster to break has one node, no node ports, and settings of its own; the course's has neither."""
    assert len(cluster.config["nodes"]) == 1
    assert cluster.node_ports == {}
    assert "extraPortMappings" not in cluster.config["nodes"][0]
    assert "node-monitor-grace-period" in world.state["config"]
    course = up(Log())
    assert len(course.config["nodes"]) == 3
    assert "node-monitor-grace-period" not in world.state["config"]
    assert set(world.state["nodes"]) == {
        f"{BREAK}-control-plane",
        "kindlings-control-plane",
        "kindlings-worker",
        "kindlings-worker2",
    }


def test_the_learner_is_told_of_the_short_patience(world: World) -> None:
    """Its creation ends with the setting that differs from other clusters."""
    log = Log()
    up(log, Settings(name=BREAK))
    assert world.state["nodes"]
    assert "a silent node is NotReady after 8 s (elsewhere after 50 s)" in log.said[-1]


def test_the_kubelet_patches_are_all_given() -> None:
    """A short lease, and on cgroup v1 the leave to run there: documents of their own."""
    patches = shapes.config(Engine("podman", "podman"), "1.36.3", {}, shapes.BREAK)["kubeadmConfigPatches"]
    assert sum("nodeLeaseDurationSeconds: 4" in one for one in patches) == 1
    refuses = not Path("/sys/fs/cgroup/cgroup.controllers").exists()
    assert sum("failCgroupV1" in one for one in patches) == (1 if refuses else 0)


@pytest.mark.parametrize("shape", [shapes.COURSE, shapes.BREAK])
def test_kubelet_and_containerd_agree_on_who_makes_cgroups(shape: shapes.Shape) -> None:
    """Both or neither do so themselves: with one by way of systemd no Pod starts."""
    config = shapes.config(Engine("podman", "podman"), "1.36.3", {}, shape)
    kubelet = any("cgroupDriver: cgroupfs" in one for one in config["kubeadmConfigPatches"])
    assert {"SystemdCgroup = false" in one for one in config["containerdConfigPatches"]} == {kubelet}


@pytest.mark.parametrize("shape", [shapes.COURSE, shapes.BREAK])
def test_no_cluster_waits_for_the_disk(shape: shapes.Shape) -> None:
    """Its etcd is told so once, beside whatever else the shape asks of the same document."""
    patches = shapes.config(Engine("podman", "podman"), "1.36.3", {}, shape)["kubeadmConfigPatches"]
    assert sum("unsafe-no-fsync" in one for one in patches) == 1


@pytest.mark.parametrize("shape", [shapes.COURSE, shapes.BREAK])
@pytest.mark.parametrize("component", ["scheduler", "controllerManager"])
def test_no_component_is_ended_by_a_lost_election(shape: shapes.Shape, component: str) -> None:
    """Each is alone; kind merges the arguments of several patches by their names, the last one wins."""
    patches = shapes.config(Engine("podman", "podman"), "1.36.3", {}, shape)["kubeadmConfigPatches"]
    given = [document[component] for one in patches if component in (document := yaml.safe_load(one))]
    arguments = {one["name"]: one["value"] for part in given for one in part["extraArgs"]}
    assert arguments["leader-elect"] == "false"


# Taking away.


@pytest.mark.parametrize("component", ["kube-scheduler", "kubelet", "kube-proxy"])
def test_a_component_is_away_inside_and_back_outside(world: World, cluster: Cluster, component: str) -> None:
    """While it is away the journal names it, and afterwards there is none."""
    with breaking.alone(cluster), breaking.without(cluster, component):
        assert away(world) == [component]
        assert breaking.taken(BREAK) == component
    assert away(world) == []
    assert not breaking.journal(BREAK).exists()


def test_frozen_is_thawed(world: World, cluster: Cluster) -> None:
    """Etcd is stopped by a signal, and goes on by another."""
    with breaking.alone(cluster), breaking.without(cluster, "etcd"):
        assert len([call for call in world.calls("podman exec") if "--signal=STOP --exact etcd" in call]) == 1
    assert len([call for call in world.calls("podman exec") if "--signal=CONT --exact etcd" in call]) == 1


def test_the_journal_comes_first(world: World, cluster: Cluster) -> None:
    """Where not even the first step can be done, what was to be undone was written before it."""
    world.fail(f"podman exec {BREAK}-control-plane mkdir", "read-only file system")
    seen: list[str] = []
    take = breaking._take

    def noted(*arguments: object) -> None:
        seen.append(breaking.taken(BREAK))
        take(*arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patcher:
        patcher.setattr(breaking, "_take", noted)
        with (
            pytest.raises(InfrastructureError, match="read-only"),
            breaking.alone(cluster),
            breaking.without(cluster, "kube-scheduler"),
        ):
            pass
    assert seen == ["kube-scheduler"]
    assert not breaking.journal(BREAK).exists()


def test_what_an_experiment_raises_gives_back_too(world: World, cluster: Cluster) -> None:
    """Also after Ctrl-C nothing stays broken."""
    with pytest.raises(KeyboardInterrupt), breaking.alone(cluster), breaking.without(cluster, "kubelet"):
        raise KeyboardInterrupt
    assert away(world) == []


def test_the_courses_cluster_is_never_broken(world: World) -> None:
    """Asked for it, nothing is done."""
    course = up(Log())
    with pytest.raises(UsageError, match="Nothing is ever taken away"), breaking.alone(course):
        pass
    assert away(world) == []


# What a killed run leaves.


@pytest.mark.parametrize("component", ["kube-controller-manager", "kubelet", "kube-proxy"])
def test_the_next_experiment_mends_first(world: World, cluster: Cluster, component: str) -> None:
    """An experiment begins with a whole cluster."""
    killed(cluster, component)
    assert away(world) == [component]
    with breaking.alone(cluster):
        assert away(world) == []


@pytest.mark.parametrize("name", ["kindlings", BREAK])
def test_up_mends(world: World, cluster: Cluster, name: str) -> None:
    """`up`, of either cluster, gives back and says so; a second time there is nothing to say."""
    killed(cluster, "kube-scheduler")
    log, again = Log(), Log()
    up(log, Settings(name=name))
    up(again, Settings(name=name))
    assert away(world) == []
    assert [line for line in log.said if line.startswith(f"Gave kube-scheduler back to the cluster {BREAK}")]
    assert not [line for line in again.said if line.startswith("Gave")]


def test_an_experiment_under_way_is_left_alone(world: World, cluster: Cluster) -> None:
    """`up` beside a running experiment gives nothing back under it."""
    with breaking.alone(cluster), breaking.without(cluster, "kubelet"):
        up(Log())
        assert away(world) == ["kubelet"]


def test_a_stopped_node_is_started_to_be_mended(world: World, cluster: Cluster) -> None:
    """After a reboot in the middle of an experiment the node is started, and has all its parts again."""
    killed(cluster, "kube-scheduler")
    with world.edit() as changed:
        changed["nodes"][f"{BREAK}-control-plane"] = {"state": "exited", "alive": False}
    assert breaking.mend(attach(BREAK)) == "kube-scheduler"
    assert away(world) == []


def test_what_cannot_be_mended_is_made_anew(world: World, cluster: Cluster) -> None:
    """The course's cluster comes up all the same, and the other one is replaced when it is needed."""
    killed(cluster, "kubelet")
    world.fail(f"podman exec {BREAK}-control-plane systemctl start", "Failed to start kubelet.service")
    log = Log()
    assert up(log).name == "kindlings"
    assert any("could not be mended" in line for line in log.said)
    assert state.load(BREAK) is None
    with world.edit() as changed:
        changed["faults"].clear()
    up(log, Settings(name=BREAK))
    assert any(f"The cluster {BREAK} was begun and never finished" in line for line in log.said)


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"component": "the-moon"})])
def test_a_journal_that_says_nothing_is_put_away(world: World, cluster: Cluster, text: str) -> None:
    """Half a file, or one of another version, breaks nothing."""
    breaking.journal(BREAK).write_text(text, encoding="utf-8")
    assert breaking.mend(cluster) == ""
    assert not breaking.journal(BREAK).exists()
    assert away(world) == []


# What else there is to it.


def test_down_removes_both(world: World, cluster: Cluster) -> None:
    """The cluster to break goes with the course's."""
    up(Log())
    log = Log()
    down.down(log)
    assert world.state["nodes"] == {}
    assert log.said == ["The cluster kindlings is removed", f"The cluster {BREAK} is removed"]
    assert not state.folder(cluster.name).exists()


def test_doctor_knows_it(world: World) -> None:
    """Not there yet, whole, with a part away, stopped."""

    def found() -> str:
        return next(one.found for one in doctor.examine() if one.thing == f"Cluster {BREAK}")

    assert found().startswith("none")
    cluster = up(Log(), Settings(name=BREAK))
    assert found() == "1 node runs, whole"
    with breaking.alone(cluster), breaking.without(cluster, "kubelet"):
        assert found() == "kubelet is taken away"
    with world.edit() as changed:
        changed["nodes"][f"{BREAK}-control-plane"] = {"state": "exited", "alive": False}
    assert found() == "stopped"
