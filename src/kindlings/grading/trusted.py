"""A trusted run: pytest over the installed lessons, in a process that knows nothing of the submission.

The process is Python in isolated mode with a configuration file, a root and plugins of ours, an environment
of which each variable is named here, and empty folders. Its results come by a file in a folder that no
learner's word leads to. A limit of time is kept from outside: whatever the run hangs in, it ends.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import kindlings
from kindlings import course, paths, results
from kindlings.errors import MEND_CLUSTER, ExitCode, InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kindlings.results import Results, Running, TestResult

_BOOT: Final = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).prctl(1, int(signal.SIGINT))  # PR_SET_PDEATHSIG: the grader's end is this run's, too
sys.path.insert(0, sys.argv.pop(1))
import pytest
sys.exit(pytest.console_main())
"""
"""The package that grades is the one that the run uses, wherever it was imported from. And a run can be
interrupted even where this process was started in a way that ignores it, as what a shell puts behind is.
"""
_INI: Final = "[pytest]\naddopts = --strict-markers --strict-config\n"
_PASSED_ON: Final = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "SYSTEMROOT"),
    # The engines find their stores and sockets by these, and a remote cluster may be behind a proxy.
    *("XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "DOCKER_HOST", "CONTAINER_HOST"),
    *("DOCKER_CONTEXT", "DOCKER_CONFIG", "CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF"),
    *("KIND_EXPERIMENTAL_PROVIDER", "KIND_EXPERIMENTAL_PODMAN_NETWORK", "KINDLINGS_ENGINE"),
    *("KINDLINGS_CLUSTER", "KINDLINGS_PATIENCE", "KUBECONFIG"),
    *("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"),
)
_GRACE: Final = 20.0
"""Seconds that an interrupted run has to delete its namespace."""
_LIVE: set[subprocess.Popen[bytes]] = set()
_STOPPED = threading.Event()
_QUEUE: Final = 1800.0
"""Seconds that a test may wait for its turn: for node ports, for its namespace."""


@dataclass(frozen=True)
class Limits:
    """Seconds: of a lab's test from the moment that its namespace is open, and of all tests together."""

    lab: float = 300.0
    run: float = 1800.0


@dataclass(frozen=True)
class Target:
    """The cluster that submissions are graded on: ours, or the one of a kube context."""

    context: str | None = None
    any_context: bool = False
    passed_on: tuple[str, ...] = ()
    """Further variables of the environment, for the programs that a kubeconfig names."""

    @property
    def advice(self) -> str:
        """Return what to do where it does not answer."""
        if not self.context:
            return MEND_CLUSTER
        return f"Look whether the cluster of the context {self.context} runs and can be reached from here."

    @property
    def options(self) -> list[str]:
        """Return pytest's options for it."""
        chosen = ["--kube-context", self.context] if self.context else []
        return chosen + (["--any-kube-context"] if self.any_context else [])

    def environment(self, temporary: Path) -> dict[str, str]:
        """Return the whole environment of a run."""
        named = {name: os.environ[name] for name in (*_PASSED_ON, *self.passed_on) if name in os.environ}
        return {
            **named,
            "CI": "true",
            "TMPDIR": str(temporary),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "KINDLINGS_STATE_DIR": str(paths.state()),
            "KINDLINGS_CACHE_DIR": str(paths.cache()),
        }


@dataclass(frozen=True)
class Ended:
    """How a run ended: what it kept, and why it ended where it did not by itself."""

    kept: Results | None
    cut: str = ""
    """Which limit ended it: lab, run, queue; empty where none did."""
    late: frozenset[str] = frozenset()
    """The ids of the tests that reached the limit of a lab."""
    code: int = 0
    said: str = ""
    """The end of what it printed."""


class Run:
    """One trusted run, in an empty folder of its own."""

    def __init__(self, folder: Path, target: Target) -> None:
        """Make the folders of the run below `folder`, which is empty and nobody else's."""
        self.target = target
        self.own, self.manifests, self.kept, self.temporary = (
            folder / name for name in ("own", "manifests", "results", "tmp")
        )
        for made in (self.own, self.manifests, self.kept, self.temporary):
            made.mkdir(parents=True)
        (self.own / "pytest.ini").write_text(_INI, encoding="utf-8")
        self._times = 0

    def collect(self, modules: Sequence[str]) -> tuple[TestResult, ...]:
        """Return the tests that the installed lessons have for the modules, none of them attempted.

        Raises InfrastructureError where they cannot be collected.
        """
        places = [str(course.exercises() / module) for module in modules]
        ended = self._pytest([*places, "--collect-only"], Limits(run=120))
        if ended.kept is None or ended.kept.trouble or not ended.kept.tests or ended.code != 0:
            why = ended.kept.trouble if ended.kept else ""
            raise InfrastructureError(
                f"The lessons cannot be collected: {why or ended.said}", "Install kindlings again."
            )
        return ended.kept.tests

    def judge(self, tests: Sequence[TestResult], limits: Limits) -> Ended:
        """Run these tests over what is in `manifests`."""
        places = [f"{course.exercises() / one.module / f'test_{one.lab}.py'}::{one.name}" for one in tests]
        return self._pytest([*places, "--manifests", str(self.manifests)], limits)

    def _pytest(self, arguments: Sequence[str], limits: Limits) -> Ended:
        if _STOPPED.is_set():
            raise InfrastructureError("The grading was interrupted.", "Run the same command again.")
        self._times += 1
        kept, said = self.kept / f"{self._times}.json", self.kept / f"{self._times}.log"
        command = [
            *(sys.executable, "-I", "-B", "-c", _BOOT, str(Path(kindlings.__file__).parents[1])),
            *("-c", str(self.own / "pytest.ini"), "--rootdir", str(self.own), "--confcutdir", str(self.own)),
            *("-p", "kindlings.plugin", "-p", "no:cacheprovider", "--kindlings-graded", "-q"),
            *("--kindlings-json", str(kept), *self.target.options, *arguments),
        ]
        try:
            with (
                said.open("wb") as stream,
                subprocess.Popen(
                    command,
                    cwd=self.own,
                    env=self.target.environment(self.temporary),
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                ) as process,
            ):
                _LIVE.add(process)
                cut, late = _await(process, kept, limits)
        except OSError as error:
            raise InfrastructureError(f"A graded run cannot be started: {error.strerror}.") from None
        return Ended(_read(kept), cut, late, process.returncode, _last_lines(said))


def _await(process: subprocess.Popen[bytes], kept: Path, limits: Limits) -> tuple[str, frozenset[str]]:
    """Wait until the run ends, and end it at a limit, whose name is returned with the tests that reached it.

    The moment to look again is the earliest at which a limit can be reached: the one of a test that begins
    right now among them.
    """
    started = time.time()
    try:
        while True:
            limit, due, late = _next_limit(_read(kept), started, limits)
            left = due - time.time()
            if left <= 0:
                _end(process)
                return limit, frozenset({late} - {""})
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(min(left, limits.lab))
                return "", frozenset()
    finally:
        _LIVE.discard(process)
        if process.poll() is None:  # Ctrl-C at the prompt: the run is in a group of its own
            _end(process)


def _next_limit(state: Results | None, started: float, limits: Limits) -> tuple[str, float, str]:
    """Return the limit that comes first, when it is reached if nothing happens, and by which lab's test."""
    waited = state.waited if state else 0.0
    running: Sequence[Running] = state.running if state else ()
    dues = [("run", started + limits.run + waited, "")]
    for one in running:
        if one.queued:
            dues = [("queue", one.since + _QUEUE, "")]
        else:
            dues.append(("lab", one.since + limits.lab, one.id))
    return min(dues, key=lambda due: due[1])


def _end(process: subprocess.Popen[bytes]) -> None:
    """Interrupt the run, so that it deletes its namespace, and kill what does not end by that."""
    for sign, patience in ((signal.SIGINT, _GRACE), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            return


def interrupt() -> None:
    """Interrupt the runs of other threads, each of which then deletes its namespace; none begins any more."""
    _STOPPED.set()
    for process in list(_LIVE):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)


def _read(kept: Path) -> Results | None:
    try:
        return results.from_json(kept.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _last_lines(said: Path) -> str:
    with said.open("rb") as stream:
        stream.seek(max(0, said.stat().st_size - 4000))
        text = stream.read().decode(errors="replace")
    return results.plain(" ".join(text.split())[-500:])


def explained(ended: Ended) -> str:
    """Return why a run that was not cut left tests without a verdict."""
    if ended.code < 0:
        return f"The run was ended by {signal.Signals(-ended.code).name}"
    if ended.code in {ExitCode.OK, ExitCode.FAILED, ExitCode.INFRASTRUCTURE} and ended.kept:
        return ended.kept.trouble or ("" if ended.kept.finished else _unkept(ended))
    return f"The run ended with code {ended.code}: {ended.said}"


def _unkept(ended: Ended) -> str:
    """Return why a run ended in time, and its file does not say so: nothing could be written any more."""
    where = tempfile.gettempdir()
    room = f"no space left on {where}" if not shutil.disk_usage(where).free else ended.said
    return f"The run could not keep its results: {room or f'look at the disk of {where}'}"
