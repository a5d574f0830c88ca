"""A Docker daemon of the tests' own, which the machine's Docker and network never notice.

It runs in namespaces of its own: its firewall rules, bridges, ports and mounts are nobody else's, and when it
ends the kernel takes them and all its containers away. Only its socket and its images lie in a folder here.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import tenacity

from kindlings.cluster.engine import lacks_sys_resource
from tests.cluster.apart.debian_packages import programs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_RUNTIME: Final = Path(__file__).with_name("runc_without_sys_resource.py")
_CONFIGURATION: Final = Path("/etc/docker")
"""Where a daemon keeps a key, and finds the settings of the machine's own one: hidden from ours."""
_NAMESPACES: Final = ("--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")
_START: Final = f"""
set -e
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs {_CONFIGURATION}
ip link set lo up
exec dockerd "$@"
"""
_PATIENCE: Final = 60.0
"""Seconds to start and to end; on two cores it takes 1 and 2."""


@dataclass(frozen=True)
class OwnDocker:
    """A running daemon: the process that holds its namespaces, and the environment to speak to it."""

    pid: int
    environment: Mapping[str, str]

    def run(
        self, *command: str | Path, check: bool = True, stdin: IO[Any] | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `command` where the daemon's ports are, its output as text, stderr in stdout."""
        entered = ["nsenter", f"--net=/proc/{self.pid}/ns/net", *command]
        finished = subprocess.run(
            entered,
            check=False,
            env={**os.environ, **self.environment},
            stdin=stdin or subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            cwd=cwd,
        )
        assert not check or finished.returncode == 0, f"{command} ended with:\n{finished.stdout}"
        return finished


@contextmanager
def own_docker(folder: Path) -> Iterator[OwnDocker]:
    """Run a daemon that keeps everything in `folder`, which is removed in the end; skips where it cannot."""
    path = programs(folder / "programs", {"dockerd": "docker.io", "containerd": "containerd", "runc": "runc"})
    socket = f"unix://{folder / 'docker.sock'}"
    environment = {"PATH": path, "DOCKER_HOST": socket, "DOCKER_CONFIG": str(folder / "client")}
    log = folder / "dockerd.log"
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        if not _CONFIGURATION.exists():
            _CONFIGURATION.mkdir()
            undo.callback(_CONFIGURATION.rmdir)
        with log.open("wb") as output:
            daemon = subprocess.Popen(
                [
                    *("unshare", *_NAMESPACES, "sh", "-c", _START, "dockerd"),
                    *("--host", socket, "--data-root", str(folder / "data"), "--bridge", "none"),
                    # systemd, which it would ask for cgroups where there is one, is behind the hidden /run.
                    *("--exec-opt", "native.cgroupdriver=cgroupfs"),
                    *_runtime(),
                ],
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        undo.callback(_end, daemon)
        running = OwnDocker(daemon.pid, environment)
        _await(daemon, running, log)
        yield running


def _runtime() -> tuple[str, ...]:
    if not lacks_sys_resource():
        return ()
    return "--add-runtime", f"spared={_RUNTIME}", "--default-runtime", "spared"


def _await(daemon: subprocess.Popen[bytes], running: OwnDocker, log: Path) -> None:
    for attempt in tenacity.Retrying(
        wait=tenacity.wait_fixed(0.1), stop=tenacity.stop_after_delay(_PATIENCE), reraise=True
    ):
        with attempt:
            assert running.run("docker", "version", check=daemon.poll() is None).returncode == 0
        if daemon.poll() is not None:
            raise AssertionError(f"dockerd ended:\n{log.read_text(errors='replace')[-2000:]}")


def _end(daemon: subprocess.Popen[bytes]) -> None:
    """End the daemon, the one child of the process that we started; its containers end with it."""
    children = Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children")
    with suppress(OSError):
        for child in children.read_text(encoding="ascii").split():
            os.kill(int(child), signal.SIGTERM)
    try:
        daemon.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        daemon.kill()  # the namespaces' first process goes with it: --kill-child
        daemon.wait()
