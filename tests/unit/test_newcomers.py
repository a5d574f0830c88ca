"""Ten things that a newcomer does wrong at the prompt: each ends in a clear line, and in no traceback.

They are told to a `kindlings` and a pytest of their own, as the newcomer's shell would start them.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kindlings.desk.home import Home
from kindlings.desk.watch import running
from tests.unit import small_course

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PATIENCE = 60
"""Seconds after which a test gives up; nothing here is timed."""
COMMAND = [sys.executable, "-c", "from kindlings import cli; cli.main()"]
PYTEST = [sys.executable, "-m", "pytest", "-p", "no:pytest-kind", "-p", "no:cacheprovider", "-q"]
NEEDS_NO_CLUSTER = '''
import signal

def test_passes():
    """It passes."""

def test_hangs():
    """It hangs."""
    open("begun", "w").close()
    signal.pause()
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a learner's folder, and no cluster, engine or state of anybody's."""
    monkeypatch.setenv("KINDLINGS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("KINDLINGS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("KINDLINGS_CLUSTER", "newcomer")
    mine = tmp_path / "mine"
    small_course.write(mine)
    shutil.rmtree(mine / "solutions")
    (mine / "exercises" / "module1" / "test_pods.py").write_text(NEEDS_NO_CLUSTER)
    return mine


def call(
    command: list[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
) -> tuple[int, str]:
    """Run a command in `folder`; return its exit code and all that it said, in which is no traceback."""
    finished = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=PATIENCE,
        preexec_fn=before,
    )
    assert "Traceback" not in finished.stdout, finished.stdout
    return finished.returncode, finished.stdout


def kindlings(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run the command."""
    return call([*COMMAND, *arguments], folder)


def test_an_unknown_lab(folder: Path) -> None:
    """What is close is named."""
    code, said = kindlings(folder, "hint", "pases")
    assert (code, said) == (2, "kindlings: There is no lab called pases.\nDid you mean passes?\n")


def test_the_wrong_folder(folder: Path) -> None:
    """It says that no course is here, and how to come by one."""
    code, said = kindlings(folder.parent, "watch")
    assert code == 2
    assert said.startswith(f"kindlings: There is no course in {folder.parent}, nor in a folder above it.\n")


def test_no_cluster(folder: Path) -> None:
    """What speaks to the cluster says that there is none, and the command that makes one."""
    code, said = kindlings(folder, "kubectl", "get", "pods")
    assert code == 7
    assert "kindlings up" in said
    assert len(said.splitlines()) <= 2


def test_an_edited_test_file(folder: Path) -> None:
    """Its labs do not count, and a line says so."""
    assert call([*PYTEST, "exercises/module1", "-k", "passes"], folder)[0] == 0
    # The folder's tests are none of the real course's, which is installed here.
    source = Path(small_course.__file__).parents[2] / "exercises" / "module2" / "test_replicaset.py"
    shutil.copy(source, folder / "exercises" / "module2" / "test_replicaset.py")
    edited = folder / "exercises" / "module2" / "test_replicaset.py"
    edited.write_text(edited.read_text() + "\n# mine\n")
    code, said = kindlings(folder, "progress")
    assert code == 0
    assert (
        "exercises/module2/test_replicaset.py is not the course's any more, so its labs do not count" in said
    )


def test_a_deleted_manifest(folder: Path) -> None:
    """The next step says that it is missing, and the command that brings it back."""
    (folder / "exercises" / "module2" / "one.yaml").unlink()
    code, said = kindlings(folder / "exercises" / "module2", "list", "module2/one.yaml")
    assert code == 0
    assert "it_runs" in said
    shutil.rmtree(folder / "exercises" / "module1")
    said = kindlings(folder, "next")[1]
    assert "one.yaml (missing: `kindlings reset module2/one.yaml` brings it back)" in said


def test_two_windows_at_once(folder: Path) -> None:
    """The second watch says that there is a first; other commands work beside it."""
    with running.alone(Home(folder)):
        code, said = kindlings(folder, "watch")
        assert code == 2
        assert "is at work in" in said
        assert kindlings(folder, "list")[0] == 0
        assert call([*PYTEST, "exercises/module1", "-k", "passes"], folder)[0] == 0


@pytest.mark.parametrize(
    ("end", "code"), [(signal.SIGINT, 130), (signal.SIGHUP, 0)], ids=["Ctrl-C", "closed"]
)
def test_ctrl_c_and_a_closed_terminal(folder: Path, end: signal.Signals, code: int) -> None:
    """The watch ends with its run, by a line and not a traceback."""
    os.mkfifo(folder / "begun")
    command = [*COMMAND, "watch", "module1", "--plain"]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as watch:
        timer = threading.Timer(PATIENCE, watch.kill)
        timer.start()
        (folder / "begun").read_text()  # waits for the test
        watch.send_signal(end)
        said, _ = watch.communicate()
        timer.cancel()
    assert watch.returncode == code, said
    assert "Traceback" not in said
    assert "Ending the run" in said


def test_a_full_disk(folder: Path) -> None:
    """What cannot be written is said, and nothing half-written stays."""

    def full() -> None:
        # No file may grow any more: writing fails as on a full disk, with another word.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    code, said = call([*COMMAND, "init", "new"], folder, before=full)
    assert code == 7
    # Which disk is full, nobody knows but who was writing.
    assert said.splitlines()[0] == "kindlings: File too large (new)"
    assert not (folder / "new").exists()

    code, said = call([*COMMAND, "reset", "module1/README.md"], folder, before=full)
    assert code == 7
    assert str(folder) in said
    assert (folder / "exercises" / "module1" / "README.md").read_text() == small_course.README.replace(
        "Module 1", "Module1"
    )


def test_an_old_version_of_the_folder(folder: Path) -> None:
    """A line says which version it is of, and how to bring it up."""
    state = folder / ".kindlings"
    state.mkdir()
    (state / "course.json").write_text('{"format": 1, "version": "0.0.1", "files": {}}')
    code, said = kindlings(folder, "list")
    assert code == 0
    assert "This folder is of kindlings 0.0.1" in said
    assert "`kindlings init --upgrade`" in said
