"""Which kind and kubectl are taken: fakes on PATH, releases from a server on loopback, no real build."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from kindlings.cluster import tools
from kindlings.cluster.source.stages import Stage
from tests.unit.progress_log import Log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kindlings.cluster.source.go import Toolchain
    from kindlings.progress import Step

PROGRAM = b"#!/bin/sh\n"


class Releases(ThreadingHTTPServer):
    """A server of files, which counts what it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        """Return the address of its root, without a slash at the end."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Releases

    def do_GET(self) -> None:
        """Answer with the file, or 404."""
        self.server.asked.append(self.path)
        content = self.server.files.get(self.path)
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def releases() -> Iterator[Releases]:
    """Give a server of releases."""
    server = Releases()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, releases: Releases) -> Path:
    """Have an empty PATH and cache, releases on loopback, and a build that writes "built"."""
    monkeypatch.setenv("KINDLINGS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()

    def build(toolchain: Toolchain) -> Stage:
        toolchain.__dict__["go"] = None  # no Go is looked for

        def make(folder: Path, _: Step) -> None:
            (folder / "kubectl").write_bytes(b"built")

        return Stage("kubectl", "kubectl", 1, 0, make)

    fake = replace(tools._KUBECTL, release=f"{releases.address}/v{{version}}/kubectl", stage=build)
    monkeypatch.setattr(tools, "_KUBECTL", fake)
    return tmp_path / "bin" / "kubectl"


def publish(releases: Releases, program: bytes = PROGRAM, checksum: str = "") -> None:
    """Have the server offer `program`, with its checksum unless another one is given."""
    path = f"/v{tools._KUBECTL.version}/kubectl"
    releases.files[path] = program
    releases.files[f"{path}.sha256"] = (checksum or hashlib.sha256(program).hexdigest()).encode()


def install(path: Path, version: str) -> None:
    """Put a kubectl on PATH that says it is `version`."""
    answer = json.dumps({"clientVersion": {"gitVersion": version}}, indent=2)
    path.write_text(f"#!/bin/sh\necho '{answer}'\n")
    path.chmod(0o755)


def test_a_fitting_program_on_path_is_taken(kubectl: Path, releases: Releases) -> None:
    """A kubectl of the cluster's minor is used as it is, and nothing is fetched."""
    install(kubectl, "v1.36.0")

    assert tools.kubectl(Log()) == kubectl
    assert releases.asked == []


@pytest.mark.parametrize("version", ["v1.32.4", "v1.37.0", "v1.36.4-dispatcher", "v1.32.4-dispatcher"])
def test_another_minor_or_a_dispatcher_is_not_taken(version: str, kubectl: Path, releases: Releases) -> None:
    """What is on PATH in another version is passed over with a word, for the official release."""
    install(kubectl, version)
    publish(releases)
    log = Log()

    found = tools.kubectl(log)

    assert found != kubectl
    assert found.read_bytes() == PROGRAM
    assert found.stat().st_mode & 0o111
    assert any("is needed" in said for said in log.said)


@pytest.mark.parametrize("script", ["exit 1", "echo not json", "kill -9 $$"])
def test_a_program_that_gives_no_version_is_not_taken(script: str, kubectl: Path, releases: Releases) -> None:
    """A kubectl that fails, or says nothing plain, is passed over."""
    kubectl.write_text(f"#!/bin/sh\n{script}\n")
    kubectl.chmod(0o755)
    publish(releases)

    assert tools.kubectl(Log()) != kubectl


def test_a_second_call_fetches_nothing(releases: Releases) -> None:
    """What was downloaded once is taken from the cache, and no program on PATH is asked again."""
    publish(releases)
    first = tools.kubectl(Log())
    asked = len(releases.asked)

    assert tools.kubectl(Log()) == first
    assert len(releases.asked) == asked


def test_a_wrong_checksum_is_refused_and_said(releases: Releases, tmp_path: Path) -> None:
    """A release that is not what its publisher says is never kept; the program is built instead."""
    publish(releases, checksum="0" * 64)
    log = Log()

    found = tools.kubectl(log)

    assert found.read_bytes() == b"built"
    assert any("is not what its publisher says" in said for said in log.said)
    assert list((tmp_path / "cache" / "tools").iterdir()) == []


@pytest.mark.parametrize("checksum", ["<html>", " "])
def test_a_checksum_that_is_none_is_refused(checksum: str, releases: Releases) -> None:
    """A captive portal's page in place of a checksum trusts nothing."""
    publish(releases, checksum=checksum)

    assert tools.kubectl(Log()).read_bytes() == b"built"


def test_without_a_release_the_program_is_built(releases: Releases) -> None:
    """Where the release cannot be had, the pinned module is built, and the next call takes that."""
    log = Log()

    found = tools.kubectl(log)

    assert found.read_bytes() == b"built"
    assert any("Building kubectl from source" in said for said in log.said)
    asked = len(releases.asked)
    assert tools.kubectl(Log()) == found
    assert len(releases.asked) == asked


@pytest.mark.parametrize(
    ("said", "version"),
    [("kind v0.33.0 go1.26.0 linux/amd64", "0.33.0"), ("kind v0.34.0-alpha go1.26.0 linux/amd64", "")],
)
def test_what_kind_says_of_itself_is_understood(said: str, version: str, tmp_path: Path) -> None:
    """The line that kind prints tells its version; a build between two releases is none."""
    program = tmp_path / "kind"
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)

    assert tools._version(tools._KIND, str(program)) == version
