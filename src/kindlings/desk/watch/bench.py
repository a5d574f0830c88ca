"""The runs of `kindlings watch`: one under way at most, and one process that is ready for the next."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final

from kindlings.errors import InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_PATIENCE: Final = 20.0
"""Seconds for an interrupted run to put its namespace away; then it is killed, and the next run does it."""
_LATE: Final = 1.0
"""Seconds for a run's last words; what it has left running, such as an engine, may hold its stderr open."""
_TAIL: Final = 2000
"""Characters of what a broken run printed that are shown."""


@dataclass(eq=False)
class Run:
    """A judge's process: idle, at work, or ended. `tell` gets each of its lines, and its end."""

    process: subprocess.Popen[bytes]
    output: IO[bytes]
    """What pytest prints, shown only where the run itself breaks."""
    readers: list[threading.Thread] = field(default_factory=list)

    def order(self, arguments: Sequence[str]) -> None:
        """Let it begin."""
        assert self.process.stdin is not None  # noqa: S101 - it was started with one
        try:
            self.process.stdin.write(json.dumps(list(arguments)).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise InfrastructureError(
                f"The run could not be started: {self.printed() or 'it ended at once'}"
            ) from None

    def interrupt(self) -> None:
        """Ask it to end, as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)

    def dismiss(self) -> None:
        """Let one that has no order end."""
        assert self.process.stdin is not None  # noqa: S101 - it was started with one
        self.process.stdin.close()

    def end(self) -> None:
        """Wait for its end, and kill it where it does not come."""
        try:
            self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for reader in self.readers:
            reader.join(_LATE)

    def printed(self) -> str:
        """Return the end of what pytest printed."""
        self.output.seek(0)
        return self.output.read().decode("utf-8", "replace")[-_TAIL:].strip()


def start(folder: Path, tell: Callable[[Run, dict[str, Any]], None]) -> Run:
    """Start a judge in `folder`. Raises InfrastructureError where no process can be started."""
    read, write = os.pipe()
    output = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the run
    # -P: what lies in the learner's folder is imported by nobody but pytest.
    command = [sys.executable, "-P", "-m", "kindlings.desk.watch.judge", str(write)]
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.PIPE,
            pass_fds=[write],
            # Ctrl-C is this process's to answer: it ends the run in its own way.
            start_new_session=True,
        )
    except OSError as error:
        os.close(read)
        raise InfrastructureError(f"No process can be started: {error.strerror}.") from None
    finally:
        os.close(write)
    run = Run(process, output)
    run.readers = [
        threading.Thread(target=_read_events, args=(run, read, tell), daemon=True),
        threading.Thread(target=_read_lines, args=(run, tell), daemon=True),
    ]
    for reader in run.readers:
        reader.start()
    return run


def _read_events(run: Run, descriptor: int, tell: Callable[[Run, dict[str, Any]], None]) -> None:
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as stream:
        for line in stream:
            with contextlib.suppress(ValueError):  # half a line: the run was killed as it wrote
                tell(run, json.loads(line))
    tell(run, {"event": "ended", "code": run.process.wait()})


def _read_lines(run: Run, tell: Callable[[Run, dict[str, Any]], None]) -> None:
    assert run.process.stderr is not None  # noqa: S101 - it was started with one
    with run.process.stderr as stream:
        for line in stream:
            tell(run, {"event": "said", "text": line.decode("utf-8", "replace").rstrip()})
