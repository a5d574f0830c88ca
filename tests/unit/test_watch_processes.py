"""What `kindlings watch` is made of, for real: the judge's process, saved files, keys, and signals."""

from __future__ import annotations

import json
import os
import pty
import queue
import signal
import subprocess
import sys
import termios
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import watchfiles

from kindlings.desk.home import Home
from kindlings.desk.journal import Journal
from kindlings.desk.watch import bench, keys, running, saves
from kindlings.desk.watch.judge import Teller, row
from kindlings.errors import InfrastructureError, UsageError
from tests.unit import small_course

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 60
"""Seconds after which a test gives up; nothing here is timed."""
TESTS = """
import signal
import pytest
from kindlings.errors import Findings, LabFailure

def test_passes(): pass

def test_fails():
    raise LabFailure(Findings("a count", "silence\\x1b[31m"))

def test_hangs():
    try:
        open("begun", "w").close()
        signal.pause()
    finally:
        open("ended", "w").close()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a course folder whose tests need no cluster."""
    small_course.write(tmp_path)
    (tmp_path / "exercises" / "module1" / "test_pods.py").write_text(TESTS)
    os.mkfifo(tmp_path / "begun")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:pytest-kind\n")
    return tmp_path


class Heard:
    """What runs told."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.events: queue.Queue[dict[str, Any]] = queue.Queue()

    def __call__(self, _: bench.Run, what: dict[str, Any]) -> None:
        """Take one word."""
        self.events.put(what)

    def until(self, event: str) -> list[dict[str, Any]]:
        """Return what is told up to the first `event`."""
        found: list[dict[str, Any]] = []
        while not found or found[-1]["event"] != event:
            found.append(self.events.get(timeout=PATIENCE))
        return found


def order(run: bench.Run, *names: str) -> None:
    """Let a run judge tests of module1."""
    run.order(
        ["-q", "-p", "no:cacheprovider", *(f"exercises/module1/test_pods.py::{name}" for name in names)]
    )


# The judge.


def test_a_judge_tells_verdicts_and_notes_them(folder: Path) -> None:
    """Each verdict is told with its message, in which no control character is left; and it is noted."""
    heard = Heard()
    run = bench.start(folder, heard)
    order(run, "test_passes", "test_fails")
    told = heard.until("ended")
    run.end()
    assert told[-1]["code"] == 1, run.printed()
    passed, failed = [one for one in told if one["event"] == "verdict"]
    assert (passed["outcome"], passed["message"]) == ("passed", "")
    assert failed["outcome"] == "failed"
    assert "saw       silence" in failed["message"]
    assert "\x1b" not in failed["message"]
    noted = Journal(Home(folder)).read()
    outcomes = {key.partition("::")[2]: verdict.outcome for key, verdict in noted.items()}
    assert outcomes == {"test_passes": "passed", "test_fails": "failed"}


def test_a_judge_without_an_order_ends_with_whoever_started_it(folder: Path) -> None:
    """When its stdin closes it goes, having done nothing."""
    heard = Heard()
    run = bench.start(folder, heard)
    run.dismiss()
    assert heard.until("ended")[-1]["code"] == 0
    assert not (folder / ".kindlings").exists()


@pytest.mark.parametrize("how", ["interrupted", "left alone"])
def test_a_run_under_way_ends_cleanly(folder: Path, how: str) -> None:
    """Interrupted, or when whoever gave the order has gone, its test still puts away what it has made."""
    heard = Heard()
    run = bench.start(folder, heard)
    order(run, "test_hangs")
    (folder / "begun").read_text()  # waits for the test
    if how == "interrupted":
        run.interrupt()
    else:
        run.dismiss()
    assert heard.until("ended")[-1]["code"] == pytest.ExitCode.INTERRUPTED
    run.end()
    assert (folder / "ended").exists()


def test_a_run_that_does_not_end_is_killed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some seconds' patience, so that `q` always ends the watch."""
    monkeypatch.setattr(bench, "_PATIENCE", 0.1)
    heard = Heard()
    run = bench.start(folder, heard)
    order(run, "test_hangs")
    (folder / "begun").read_text()
    run.end()
    assert run.process.returncode == -signal.SIGKILL


def test_a_broken_run_can_be_looked_at(folder: Path) -> None:
    """What pytest itself has to say is told or kept; a run that has ended takes no second order."""
    heard = Heard()
    run = bench.start(folder, heard)
    order(run, "test_of_which_there_is_none")
    told = heard.until("ended")
    run.end()
    assert told[-1]["code"] == pytest.ExitCode.USAGE_ERROR
    said = "\n".join(one["text"] for one in told if one["event"] == "said")
    assert "not found" in said + run.printed()
    with pytest.raises(InfrastructureError, match="could not be started"):
        order(run, "test_passes")


def test_no_process_is_our_trouble(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system refuses another process, that is said in its words."""
    monkeypatch.setattr(sys, "executable", str(folder / "no-python"))
    with pytest.raises(InfrastructureError, match="No process can be started: No such file"):
        bench.start(folder, Heard())


def test_a_pod_is_a_row() -> None:
    """Name, ready, status and restarts are kubectl's."""
    status = {"phase": "Running", "containerStatuses": [{"ready": True, "restartCount": 2, "name": "a"}]}
    pod = {
        "metadata": {"name": "counter", "creationTimestamp": "2026-11-25T16:00:00Z"},
        "spec": {"containers": [{"name": "a"}]},
        "status": status,
    }
    assert row(pod) == ["counter", "1/1", "Running", "2", "2026-11-25T16:00:00Z"]


def test_a_labs_pods_are_told_until_its_test_has_ended() -> None:
    """What changes later belongs to no lab under way; nobody waits for the thread that looks."""
    read, write = os.pipe()
    changes: queue.SimpleQueue[str] = queue.SimpleQueue()

    def wait_beyond(_sequence: int, _timeout: float) -> None:
        pods[:] = [{"metadata": {"name": changes.get(timeout=PATIENCE)}, "status": {"phase": "Pending"}}]

    pods: list[Any] = []
    seen = SimpleNamespace(sequence=1, all=lambda _kind: pods)
    lab: Any = SimpleNamespace(
        namespace="module1-it-runs",
        recorder=SimpleNamespace(wait_beyond=wait_beyond, snapshot=lambda: seen),
    )
    teller = Teller(write)
    told = os.fdopen(read)
    teller._follow(lab)
    changes.put("one")
    assert json.loads(told.readline()) == {"event": "opened", "namespace": "module1-it-runs"}
    assert json.loads(told.readline())["rows"][0][0] == "one"
    teller.pytest_runtest_teardown()
    changes.put("two")
    teller.tell("ended")
    assert json.loads(told.readline()) == {"event": "ended"}
    told.close()


# Saved files.


def _in_place(path: Path) -> None:
    path.write_text("saved")


def _by_rename(path: Path) -> None:
    beside = path.with_name(f".{path.name}.swp")
    beside.write_text("saved")
    beside.replace(path)


def _with_a_backup(path: Path) -> None:
    path.replace(path.with_name(f"{path.name}~"))
    path.write_text("saved")


@pytest.mark.parametrize("save", [_in_place, _by_rename, _with_a_backup])
def test_a_save_is_told(folder: Path, save: Callable[[Path], None]) -> None:
    """Whether the editor writes the file, puts a new one in its place, or keeps the old one as a backup."""
    found: queue.Queue[set[Path]] = queue.Queue()
    module = folder / "exercises" / "module1"
    with saves.told(folder / "exercises", found.put, pytest.fail):
        for _ in range(PATIENCE):  # the first save may come before the watch is set up
            (module / "notes.txt").write_text("not a lab's")
            save(module / "one.yaml")
            try:
                paths = found.get(timeout=1)
                break
            except queue.Empty:
                continue
        else:
            pytest.fail("no save was told")
    assert paths == {module / "one.yaml"}


def test_where_the_system_tells_of_nothing_files_are_looked_at(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as when the limit of watched folders is reached: a line says so, and saves are still told."""
    watch, found, warned = watchfiles.watch, queue.Queue[set[Path]](), list[str]()

    def refuse(*arguments: Any, force_polling: bool | None, **keywords: Any) -> Any:
        if not force_polling:
            raise OSError(28, "inotify watch limit reached")
        return watch(*arguments, force_polling=True, **keywords)

    monkeypatch.setattr(watchfiles, "watch", refuse)
    path = folder / "exercises" / "module1" / "one.yaml"
    with saves.told(folder / "exercises", found.put, warned.append):
        for number in range(PATIENCE):
            path.write_text(f"saved {number}")
            try:
                assert found.get(timeout=1) == {path}
                break
            except queue.Empty:
                continue
        else:
            pytest.fail("no save was told")
    assert "inotify watch limit reached" in warned[0]


# Keys.


def test_keys_come_without_return() -> None:
    """Letters are told one by one, an arrow is not; afterwards the terminal is as it was."""
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    pressed: queue.Queue[str] = queue.Queue()
    with keys.pressed(theirs, pressed.put):
        os.write(ours, b"nh")
        assert [pressed.get(timeout=PATIENCE) for _ in range(2)] == ["n", "h"]
        os.write(ours, b"\x1b[A")
        os.kill(os.getpid(), signal.SIGCONT)  # as after Ctrl-Z and fg
        os.write(ours, b"q")
        assert pressed.get(timeout=PATIENCE) == "q"
        assert not termios.tcgetattr(theirs)[3] & termios.ICANON
    assert termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)


def test_a_terminal_that_goes_is_told() -> None:
    """The watch then ends by itself."""
    ours, theirs = pty.openpty()
    pressed: queue.Queue[str] = queue.Queue()
    with keys.pressed(theirs, pressed.put):
        os.close(ours)
        assert pressed.get(timeout=PATIENCE) == ""
    os.close(theirs)


# All of it.


@pytest.mark.parametrize(
    ("end", "code"), [(signal.SIGHUP, 0), (signal.SIGTERM, 0), (signal.SIGINT, 130)], ids=str
)
def test_a_signal_ends_the_watch_and_its_runs(folder: Path, end: signal.Signals, code: int) -> None:
    """A closed terminal, `kill` and Ctrl-C: a run under way puts its things away, and no process stays."""
    command = [sys.executable, "-c", "from kindlings import cli; cli.main()", "watch", "module1", "--plain"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as watch:
        assert watch.stdout is not None
        timer = threading.Timer(PATIENCE, watch.kill)
        timer.start()
        seen = []
        for line in watch.stdout:
            seen.append(line)
            if "failed" in line:  # the first test's verdict; then comes the one that hangs
                (folder / "begun").read_text()
                watch.send_signal(end)
                break
        seen += watch.stdout.readlines()
        assert watch.wait() == code, "".join(seen)
        timer.cancel()
    assert (folder / "ended").exists()
    assert "".join(seen).count("Ending the run") == 1


def test_two_windows_do_not_watch_one_folder(folder: Path) -> None:
    """The second says that there is another, and judges nothing; when the first has ended it may watch."""
    place = Home(folder)
    with running.alone(place), pytest.raises(UsageError, match=r"at work in .* already, in another window"):
        running.run(place, None, plain=True)
    with running.alone(place):
        pass
