"""What the tests without a cluster share: a small API server on loopback, and the way to it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from kindlings import cli
from kindlings.cluster import api as api_module
from kindlings.cluster.api import Api
from tests.unit import small_course
from tests.unit.apiserver import FakeApiServer
from tests.unit.fakes import Play

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kindlings.grading.one import Assignment
    from tests.unit.small_course import SmallCourse


@pytest.fixture
def server() -> Iterator[FakeApiServer]:
    """Give an API server of the test's own."""
    running = FakeApiServer()
    yield running
    running.close()


@pytest.fixture
def kubeconfig(server: FakeApiServer, tmp_path: Path) -> Path:
    """Give a kubeconfig for `server`, whose context is called kind-fake."""
    return server.write_kubeconfig(tmp_path / "kubeconfig")


@pytest.fixture
def api(kubeconfig: Path) -> Api:
    """Give an administrator's connection to `server`."""
    return Api(kubeconfig)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a server that is away count as gone after a fraction of a second."""
    monkeypatch.setattr(api_module, "PATIENCE", 0.2)
    monkeypatch.setattr("kindlings.recorder.PATIENCE", 0.2)


@pytest.fixture
def kindlings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Give the command: its exit code, its output, and what it says on stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["kindlings", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        assert isinstance(caught.value.code, int)
        return caught.value.code, *capsys.readouterr()

    return run


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """Give what makes recorders of scripts."""
    return Play(monkeypatch)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallCourse:
    """Give a learner's folder, in which one is."""
    return small_course.make(tmp_path, monkeypatch)


@pytest.fixture
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what is kept in a folder of the test's."""
    monkeypatch.setenv("KINDLINGS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("KINDLINGS_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assignment]:
    """Give the assignment of the small course, installed once."""
    # Imported here: no other test needs what grading is made of.
    from kindlings.grading import one  # noqa: PLC0415
    from kindlings.grading.trusted import Limits, Target  # noqa: PLC0415
    from tests.unit.installed import install  # noqa: PLC0415

    with pytest.MonkeyPatch.context() as patched:
        install(tmp_path_factory.mktemp("installed"), patched)
        yield one.assignment([], Target(), Limits())
