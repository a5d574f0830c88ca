"""Where the node image comes from: an engine that is a script, registries on loopback, no real build."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tenacity import wait_none

from kindlings.cluster import node_image, pulling
from kindlings.cluster.engine import Engine
from kindlings.cluster.source.containers import Build
from kindlings.errors import InfrastructureError, UsageError
from kindlings.versions import VERSIONS
from tests.unit.progress_log import Log

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Registry(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer as a registry does that wants to know who asks."""
        self.send_response(401)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Have a registry on loopback, and give its host and port."""
    server = HTTPServer(("127.0.0.1", 0), _Registry)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    host = f"127.0.0.1:{server.server_port}"
    monkeypatch.setenv("KINDLINGS_REGISTRY", host)
    yield host
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Give an engine that notes its commands in calls, has what images lists and pulls as pull.sh says."""
    monkeypatch.setenv("KINDLINGS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(pulling, "_WAIT", wait_none())
    monkeypatch.setattr(Build, "run", lambda build: build.reference)
    (tmp_path / "images").write_text("")
    (tmp_path / "pull.sh").write_text("exit 0\n")
    script = tmp_path / "engine"
    script.write_text(
        f'#!/bin/sh\ncd {tmp_path}\necho "$@" >> calls\n'
        'case "$1" in\n'
        'image) grep -qxF "$3" images ;;\n'
        "pull) . ./pull.sh ;;\n"
        "esac\n"
    )
    script.chmod(0o755)
    return Engine("podman", str(script))


def calls(engine: Engine) -> list[str]:
    """Return the commands that `engine` got."""
    return Path(engine.binary).with_name("calls").read_text().splitlines()


def pulls(engine: Engine) -> list[str]:
    """Return those that pull."""
    return [call for call in calls(engine) if call.startswith("pull ")]


def test_an_image_that_is_there_is_taken(engine: Engine, tmp_path: Path) -> None:
    """Nothing is pulled or built where the pinned image is in the engine."""
    (tmp_path / "images").write_text(node_image.published().reference)

    image = node_image.ensure(engine, Log())

    assert image == node_image.published()
    assert pulls(engine) == []


def test_an_image_that_was_built_is_taken_without_asking_a_registry(engine: Engine, tmp_path: Path) -> None:
    """A node image that was built from the same sources spares the pull."""
    built = Build(engine, Log()).reference
    (tmp_path / "images").write_text(built)

    image = node_image.ensure(engine, Log())

    assert (image.reference, image.origin, image.kubernetes) == (
        built,
        "built",
        VERSIONS["kubernetes"]["built"],
    )
    assert pulls(engine) == []


def test_an_image_that_was_named_is_pulled_all_the_same(
    engine: Engine, tmp_path: Path, registry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever names a node image gets that one, although another one was built here."""
    (tmp_path / "images").write_text(Build(engine, Log()).reference)
    named = f"{registry}/classroom/node:v1.36.9@sha256:abc"
    monkeypatch.setenv("KINDLINGS_NODE_IMAGE", named)

    assert node_image.ensure(engine, Log()) == node_image.NodeImage(named, "1.36.9", "pulled")


def test_from_source_passes_over_a_pulled_image(engine: Engine, tmp_path: Path) -> None:
    """Whoever asks for a build gets one."""
    (tmp_path / "images").write_text(node_image.published().reference)

    assert node_image.ensure(engine, Log(), from_source=True).origin == "built"
    assert pulls(engine) == []


def test_the_image_is_pulled_by_its_digest(engine: Engine, registry: str) -> None:
    """What is pulled is pinned by digest, from the mirror that is named."""
    image = node_image.ensure(engine, Log())

    assert image.origin == "pulled"
    assert image.reference.startswith(f"{registry}/kindest/node:v1.36.4@sha256:")
    assert pulls(engine) == [f"pull --tls-verify=false {image.reference}"]


def test_a_pull_that_fails_half_way_is_tried_again(engine: Engine, registry: str, tmp_path: Path) -> None:
    """The second attempt counts, and the first one is said."""
    (tmp_path / "pull.sh").write_text("test -e tried || { touch tried; echo 'unexpected EOF'; exit 1; }\n")
    log = Log()

    assert node_image.ensure(engine, log).reference.startswith(registry)
    assert len(pulls(engine)) == 2
    assert any("unexpected EOF" in said and "Trying again" in said for said in log.said)


@pytest.mark.usefixtures("registry")
def test_after_three_failed_pulls_the_image_is_built(engine: Engine, tmp_path: Path) -> None:
    """A registry that keeps failing is given up with a word."""
    (tmp_path / "pull.sh").write_text("echo 'unexpected EOF'; exit 1\n")
    log = Log()

    assert node_image.ensure(engine, log).origin == "built"
    assert len(pulls(engine)) == 3
    assert any("a node image from source" in said for said in log.said)


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("words", ["manifest unknown", "Error: unauthorized", "no space left on device"])
def test_a_refusal_is_not_asked_for_twice(words: str, engine: Engine, tmp_path: Path) -> None:
    """What another attempt cannot change is not attempted again."""
    (tmp_path / "pull.sh").write_text(f"echo '{words}'; exit 1\n")

    with pytest.raises(InfrastructureError, match=words.removeprefix("Error: ")) as caught:
        pulling.pull(engine, node_image.published().reference, Log())

    assert caught.value.advice
    assert len(pulls(engine)) == 1


@pytest.mark.parametrize("host", ["127.0.0.1:9", "registry.invalid"])
def test_without_a_registry_the_engine_is_not_even_asked(
    host: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing answers, that is known in a moment, and the image is built."""
    monkeypatch.setenv("KINDLINGS_REGISTRY", host)
    log = Log()

    assert node_image.ensure(engine, log).origin == "built"
    assert pulls(engine) == []
    assert any("No registry answers" in said for said in log.said)


def test_another_image_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A classroom's own node image is taken, its version read off its tag."""
    monkeypatch.setenv("KINDLINGS_NODE_IMAGE", "mirror:5000/node:v1.36.9@sha256:abc")

    assert node_image.published() == node_image.NodeImage(
        "mirror:5000/node:v1.36.9@sha256:abc", "1.36.9", "pulled"
    )


def test_an_image_that_does_not_tell_its_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a tag nobody knows which Kubernetes it is."""
    monkeypatch.setenv("KINDLINGS_NODE_IMAGE", "mirror:5000/node@sha256:abc")

    with pytest.raises(UsageError, match="Kubernetes version") as caught:
        node_image.published()

    assert caught.value.advice
