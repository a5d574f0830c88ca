"""What `kindlings doctor` finds, on machines made of fakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kindlings.cluster import doctor, machine
from kindlings.cluster.doctor import Finding
from kindlings.cluster.up import up
from tests.unit.progress_log import Log
from tests.unit.test_lifecycle import patch
from tests.unit.world import World

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Give a machine without anything."""
    made = World(tmp_path)
    monkeypatch.setenv("PATH", str(made.bin))
    monkeypatch.setenv("KINDLINGS_STATE_DIR", str(tmp_path / "state"))
    for name in ("KINDLINGS_ENGINE", "KIND_EXPERIMENTAL_PROVIDER", "KINDLINGS_CLUSTER"):
        monkeypatch.delenv(name, raising=False)
    patch(monkeypatch, made)
    return made


def named(findings: list[Finding], thing: str) -> Finding:
    """Return the finding about `thing`."""
    return next(finding for finding in findings if finding.thing.startswith(thing))


def test_a_bare_machine_is_told_what_to_install(world: World) -> None:
    """Without an engine the verdict is bad, and the advice says what to install."""
    assert world.bin.is_dir()
    engine = named(doctor.examine(), "Engine")
    assert engine.bad
    assert "Docker" in engine.advice or "docker" in engine.advice


def test_a_broken_engine_is_explained(world: World) -> None:
    """A daemon that does not run is bad where there is no other engine, and a note where there is."""
    world.install("docker")
    world.fail("docker", "Cannot connect to the Docker daemon")
    assert named(doctor.examine(), "Engine docker").bad
    world.install("podman")
    assert named(doctor.examine(), "Engine docker").verdict == "note"


def test_a_running_cluster_is_good(world: World) -> None:
    """Engine, image, cluster, tools and ports of a cluster that is well are all good."""
    world.install("podman", "kind", "kubectl")
    up(Log())
    findings = doctor.examine()
    for thing in ("Engine", "Node image", "Cluster kindlings", "kind", "kubectl", "Node port 32000"):
        assert named(findings, thing).verdict == "good"


def test_a_killed_cluster_is_bad(world: World) -> None:
    """Nodes without processes are found, whatever the engine lists."""
    world.install("podman", "kind", "kubectl")
    up(Log())
    with world.edit() as changed:
        for node in changed["nodes"].values():
            node["alive"] = False
    cluster = named(doctor.examine(), "Cluster")
    assert cluster.bad
    assert "replaces it" in cluster.advice


def test_looking_changes_nothing(world: World) -> None:
    """No cluster is created, no image made, nothing installed."""
    world.install("podman", "kind", "kubectl", "apt-get")
    doctor.examine()
    assert not world.calls("kind")
    assert not world.calls("apt-get")


@pytest.mark.parametrize(("free", "verdict"), [(1, "bad"), (2.5, "note"), (8, "good")])
def test_memory_is_weighed(world: World, monkeypatch: pytest.MonkeyPatch, free: float, verdict: str) -> None:
    """Below 2 GiB no cluster can be had, below 3 it is tight."""
    world.install("podman")
    monkeypatch.setattr(machine, "memory", lambda _: int(free * machine.GIB))
    assert named(doctor.examine(), "Memory").verdict == verdict


def test_each_finding_is_shown_with_what_to_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Verdict, thing and what was found stand in a line; what to do below; no word is cut to fit."""
    monkeypatch.setenv("COLUMNS", "40")
    place = "/a/place/that/is/longer/than/the/terminal/is/wide"
    doctor.show(
        [Finding("Disk", place, "bad", "Make room for what the nodes write."), Finding("Engine", "podman")]
    )
    assert capsys.readouterr().out.splitlines() == [
        f"bad   Disk    {place}",
        "              Make room for what the",
        "              nodes write.",
        "good  Engine  podman",
    ]
