"""The command line: exit codes, messages, and what it hands on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from kindlings import cli
from kindlings.cluster import state
from kindlings.errors import ExitCode, InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Callable


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command in this process and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["kindlings", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert isinstance(caught.value.code, int)
    return caught.value.code


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give a way to remember a cluster whose kubectl is the given program."""
    monkeypatch.setenv("KINDLINGS_STATE_DIR", str(tmp_path / "a state"))
    monkeypatch.setenv("KINDLINGS_CLUSTER", "kindlings")

    def remember(kubectl: str) -> None:
        state.save(
            state.Record(
                name="kindlings",
                engine="podman",
                engine_binary="/usr/bin/podman",
                engine_environment={},
                engine_version="4.3.1",
                limited=False,
                kind="/kind",
                kubectl=kubectl,
                kubernetes="1.36.3",
                image="x",
                origin="built",
                node_ports={32000: 32001},
                fingerprint="x",
            )
        )

    return remember


def test_help_is_light_and_tells_the_exit_codes() -> None:
    """`kindlings --help` imports nothing heavy (its seconds are in bench/), and explains each exit code."""
    result = subprocess.run(
        [Path(sys.executable).with_name("kindlings"), "--help"], check=True, capture_output=True, text=True
    )
    for code in ExitCode:
        assert f"  {int(code)} " in result.stdout
    heavy = "import sys, kindlings.cli; print({'kubernetes', 'pykube', 'pytest'} & sys.modules.keys())"
    loaded = subprocess.run([sys.executable, "-c", heavy], check=True, capture_output=True, text=True)
    assert loaded.stdout.strip() == "set()"


@pytest.mark.parametrize("command", ["up", "down", "doctor", "start", "env"])
def test_every_command_has_help(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """--help of each command ends well."""
    assert run(monkeypatch, command, "--help") == ExitCode.OK


def test_trouble_is_two_plain_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An InfrastructureError is its message and its advice on stderr, and exit code 7."""

    def fail(**_: object) -> None:
        raise InfrastructureError("The disk is full.", "Make room.")

    monkeypatch.setattr(cli, "_up", fail)
    assert run(monkeypatch, "up") == ExitCode.INFRASTRUCTURE
    assert capsys.readouterr().err == "kindlings: The disk is full.\nMake room.\n"


def test_a_full_disk_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the system refuses is said in its words."""

    def fail(**_: object) -> None:
        raise OSError(28, "No space left on device", "/state")

    monkeypatch.setattr(cli, "_up", fail)
    assert run(monkeypatch, "up") == ExitCode.INFRASTRUCTURE
    assert "No space left on device (/state)" in capsys.readouterr().err


def test_an_interruption_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C ends with 130 and without a traceback."""

    def interrupt(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_up", interrupt)
    assert run(monkeypatch, "up") == ExitCode.INTERRUPTED
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_an_unknown_option_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Click's own message, and exit code 2."""
    assert run(monkeypatch, "up", "--faster") == ExitCode.USAGE
    assert "--faster" in capsys.readouterr().err


def test_options_reach_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not said stays as it is."""
    told: dict[str, object] = {}
    monkeypatch.setattr(cli, "_up", told.update)
    run(monkeypatch, "up", "--yes", "--no-allow-pull")
    assert told == {"assume_yes": True, "from_source": False, "allow_pull": False, "fresh": False}
    run(monkeypatch, "up")
    assert told["allow_pull"] is None


def test_env_speaks_of_our_kubeconfig(
    record: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`eval` gets one export, quoted."""
    record("/kubectl")
    assert run(monkeypatch, "env") == ExitCode.OK
    path = state.kubeconfig("kindlings")
    assert capsys.readouterr().out == f"export KUBECONFIG='{path}'\n"


def test_kubectl_is_passed_through(
    record: Callable[[str], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Every argument, also --help, goes to kubectl with our kubeconfig; its exit code comes back."""
    program = tmp_path / "kubectl"
    program.write_text('#!/bin/sh\necho "$KUBECONFIG: $*"\nexit 4\n', encoding="utf-8")
    program.chmod(0o755)
    record(str(program))
    assert run(monkeypatch, "kubectl", "get", "pods", "-n", "x", "--help") == 4
    assert capfd.readouterr().out == f"{state.kubeconfig('kindlings')}: get pods -n x --help\n"


def test_a_lost_kubectl_says_what_brings_it(
    record: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cleared cache is no traceback."""
    record("/no/such/kubectl")
    assert run(monkeypatch, "kubectl", "get", "pods") == ExitCode.INFRASTRUCTURE
    assert "kindlings up" in capsys.readouterr().err


@pytest.mark.usefixtures("record")
def test_without_a_cluster_kubectl_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No cluster, no guessing."""
    assert run(monkeypatch, "kubectl", "get", "pods") == ExitCode.INFRASTRUCTURE
    assert "There is no cluster kindlings" in capsys.readouterr().err


def test_a_reader_that_went_away_is_no_trouble() -> None:
    """`kindlings --help | head -0` is quiet."""
    command = Path(sys.executable).with_name("kindlings")
    with subprocess.Popen([command, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        _, said = process.communicate(timeout=20)
    assert b"Traceback" not in said


def test_the_name_reaches_what_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """--name goes on by the environment, so that pytest and its workers know it too."""
    monkeypatch.setenv("KINDLINGS_CLUSTER", "x")
    seen: list[str] = []
    monkeypatch.setattr(cli, "_up", lambda **_: seen.append(state.chosen_name()))
    run(monkeypatch, "--name", "trial", "up")
    assert seen == ["trial"]
    assert isinstance(cli.commands, click.Group)
