"""Finding an engine, on machines made of fakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kindlings.cluster import engine, install, probe
from kindlings.errors import InfrastructureError, UsageError
from tests.unit.progress_log import Log
from tests.unit.world import World

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Give a machine with an empty PATH and a state folder of its own."""
    made = World(tmp_path)
    monkeypatch.setenv("PATH", str(made.bin))
    monkeypatch.setenv("KINDLINGS_STATE_DIR", str(tmp_path / "state"))
    for name in ("KINDLINGS_ENGINE", "KIND_EXPERIMENTAL_PROVIDER", "CONTAINERS_CONF", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(install, "_kin", lambda: {"debian"})
    return made


def test_docker_is_taken_where_both_run(world: World) -> None:
    """Of two engines that work, kind's own first choice is taken."""
    world.install("docker", "podman")
    assert engine.find(Log(), assume_yes=False).name == "docker"


def test_the_users_choice_counts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """KINDLINGS_ENGINE decides, and is given on to kind."""
    world.install("docker", "podman")
    monkeypatch.setenv("KINDLINGS_ENGINE", "podman")
    found = engine.find(Log(), assume_yes=False)
    assert found.name == "podman"
    assert found.env["KIND_EXPERIMENTAL_PROVIDER"] == "podman"


def test_an_unknown_choice_is_a_usage_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that is neither podman nor docker is said to be none."""
    world.install("podman")
    monkeypatch.setenv("KINDLINGS_ENGINE", "lxc")
    with pytest.raises(UsageError, match="lxc names no engine"):
        engine.find(Log(), assume_yes=False)


def test_a_docker_that_is_podman_in_disguise_is_not_docker(world: World) -> None:
    """podman-docker's script named docker does not count as Docker."""
    world.install("podman")
    (world.bin / "docker").write_text('#!/bin/sh\nexec /usr/bin/podman "$@"\n')
    (world.bin / "docker").chmod(0o755)
    assert engine.find(Log(), assume_yes=False).name == "podman"


def test_an_engine_is_tried_for_real_once_a_start(world: World) -> None:
    """The first search runs a privileged container; the next one believes it."""
    world.install("podman")
    engine.find(Log(), assume_yes=False)
    tried = world.calls("podman run --rm --privileged")
    found = engine.find(Log(), assume_yes=False)
    assert len(tried) == 1
    assert world.calls("podman run") == tried
    assert found.version == "4.3.1"


def test_a_changed_program_is_tried_again(world: World) -> None:
    """A verdict ends with an upgrade of the engine."""
    world.install("podman")
    engine.find(Log(), assume_yes=False)
    with (world.bin / "podman").open("a") as program:
        program.write("# newer\n")
    engine.find(Log(), assume_yes=False)
    assert len(world.calls("podman run")) == 2


@pytest.mark.parametrize(
    ("command", "said", "message"),
    [
        ("docker version", "Cannot connect to the Docker daemon at unix:///x. Is it running?", "not running"),
        ("docker version", "permission denied while trying to connect to the docker API", "may not speak"),
        ("docker run", "OCI runtime create failed: unable to apply caps", "CAP_SYS_RESOURCE"),
        (
            "docker version",
            'for rootless mode: exec: "newuidmap": not found in $PATH',
            "without root's rights",
        ),
        ("docker import", "write /var: no space left on device", "disk is full"),
        ("docker run", "something new\n", "something new"),
    ],
)
def test_what_is_wrong_with_an_engine_is_said_plainly(
    world: World, monkeypatch: pytest.MonkeyPatch, command: str, said: str, message: str
) -> None:
    """A refusal names the cause and what to do."""
    world.install("docker")
    world.fail("docker image inspect", "no such image")
    world.fail(command, said)
    monkeypatch.setenv("KINDLINGS_ENGINE", "docker")
    with pytest.raises(InfrastructureError, match=message) as caught:
        engine.find(Log(), assume_yes=False)
    assert caught.value.advice


def test_a_broken_docker_does_not_hide_a_working_podman(world: World) -> None:
    """The second engine is used where the first one refuses."""
    world.install("docker", "podman")
    world.fail("docker", "Cannot connect to the Docker daemon")
    assert engine.find(Log(), assume_yes=False).name == "podman"


def test_podman_without_root_is_refused(world: World) -> None:
    """Rootless podman is named as such."""
    world.install("podman")
    with world.edit() as state:
        state["rootless"] = True
    with pytest.raises(InfrastructureError, match="without root's rights"):
        engine.find(Log(), assume_yes=False)


def test_podman_is_installed_as_root_when_agreed(world: World) -> None:
    """With --yes apt brings podman, and the search goes on with it."""
    world.install("apt-get", "apt-cache")
    assert engine.find(Log(), assume_yes=True).name == "podman"
    assert "--no-install-recommends podman" in world.calls("apt-get install")[0]


def test_ci_agrees_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """CI=true installs without asking."""
    world.install("apt-get", "apt-cache")
    monkeypatch.setenv("CI", "true")
    assert engine.find(Log(), assume_yes=False).name == "podman"


def test_nothing_is_installed_unasked(world: World) -> None:
    """Where nobody can be asked, nothing is installed, and the way is said."""
    world.install("apt-get", "apt-cache")
    with pytest.raises(InfrastructureError, match="was not installed") as caught:
        engine.find(Log(), assume_yes=False)
    assert "kindlings up --yes" in caught.value.advice
    assert not world.calls("apt-get")


def test_a_refusing_apt_is_quoted(world: World) -> None:
    """Apt's last words are in the message."""
    world.install("apt-get", "apt-cache")
    world.fail("apt-get update", "E: Could not get lock /var/lib/apt/lists/lock")
    with pytest.raises(InfrastructureError, match="Could not get lock"):
        engine.find(Log(), assume_yes=True)


def test_without_root_or_apt_the_way_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine where nothing can be installed gets the exact command."""
    assert world.bin.is_dir()
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(InfrastructureError, match="No container engine") as caught:
        engine.find(Log(), assume_yes=True)
    assert "apt-get install docker.io" in caught.value.advice


def test_a_podman_without_names_is_completed(world: World) -> None:
    """Nodes find each other by name: a podman without that plugin is installed again, with it."""
    world.install("podman", "apt-get", "apt-cache")
    with world.edit() as state:
        state["names"] = False
    with pytest.raises(InfrastructureError, match="plugin for names"):
        engine.find(Log(), assume_yes=False)
    assert engine.find(Log(), assume_yes=True).name == "podman"
    assert "dnsname" in world.calls("apt-get install")[0]


def test_each_image_store_has_a_network_of_its_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes of one name in two stores of one machine do not meet, nor is the verdict on one the other's."""
    world.install("podman")
    usual = engine.find(Log(), assume_yes=False)
    with world.edit() as state:
        state["store"] = "/elsewhere/my store"
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", "/elsewhere/storage.conf")

    other = engine.find(Log(), assume_yes=False)

    assert usual.network == "kindlings"
    assert other.network.startswith("kindlings-")
    assert engine.find(Log(), assume_yes=False).network == other.network
    assert set(world.state["networks"]) == {usual.network, other.network}


def test_limits_are_ours_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without CAP_SYS_RESOURCE podman gets a containers.conf of ours, within this process's limits."""
    world.install("podman")
    monkeypatch.setattr(engine, "lacks_sys_resource", lambda: True)
    found = engine.candidate("podman")
    assert found is not None
    assert found.limited
    with open(found.environment["CONTAINERS_CONF"], encoding="utf-8") as file:  # noqa: PTH123
        assert "nofile=" in file.read()


def test_the_probes_program_really_runs(tmp_path: Path) -> None:
    """The hand-made executable is one: on amd64 and arm64 it ends with 0."""
    import platform  # noqa: PLC0415
    import subprocess  # noqa: PLC0415

    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine())
    if machine is None or platform.system() != "Linux":
        pytest.skip("neither Linux on amd64 nor on arm64")
    program = tmp_path / "probe"
    program.write_bytes(probe._program(*probe._CODE[machine]))
    program.chmod(0o755)
    assert subprocess.run([program], check=False).returncode == 0
