"""The course's images for nodes that were pulled, with an engine that is a script."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kindlings.cluster import images, pulling
from kindlings.cluster.engine import Engine
from kindlings.cluster.node_image import NodeImage
from kindlings.errors import InfrastructureError
from kindlings.versions import VERSIONS
from tests.unit.progress_log import Log

if TYPE_CHECKING:
    from pathlib import Path

PULLED = NodeImage("kindest/node:v1.36.4", "1.36.4", "pulled")
BUILT = NodeImage("localhost/kindlings/node:v1.36.3-0", "1.36.3", "built")


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Give an engine that notes each command, and writes an archive where it is told to save."""
    monkeypatch.setenv("KINDLINGS_CACHE_DIR", str(tmp_path / "cache"))
    script = tmp_path / "engine"
    script.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n'
        'while [ "$1" ]; do\n  if [ "$1" = --output ]; then echo "$*" > "$2"; fi\n  shift\ndone\n'
    )
    script.chmod(0o755)
    return Engine("docker", str(script))


def test_every_course_image_has_a_digest() -> None:
    """Nothing that is pulled is pulled by its tag alone."""
    assert set(images.course_images()) == set(VERSIONS["images"]["digests"])


def test_a_node_from_source_needs_no_archive(engine: Engine) -> None:
    """A built node image has the course's images inside."""
    assert images.archive(engine, Log(), BUILT) is None


def test_a_pulled_node_gets_the_images_by_digest_under_their_own_names(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each image is pulled by digest, tagged as learners write it, and saved once for all clusters."""
    monkeypatch.setattr(pulling, "_require_answer", lambda _: None)

    archive = images.archive(engine, Log(), PULLED)
    again = images.archive(engine, Log(), PULLED)

    commands = (tmp_path / "calls").read_text().splitlines()
    assert archive == again
    assert archive is not None
    assert "docker.io/library/busybox:1.36 docker.io/library/busybox:1.37" in archive.read_text()
    assert [command.split()[0] for command in commands] == ["pull", "tag", "pull", "tag", "save"]
    assert f"pull docker.io/library/busybox@{VERSIONS['images']['digests']['busybox:1.36']}" in commands


def test_without_a_registry_and_without_root_there_is_advice(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where images can neither be pulled nor made, the message says what to do."""
    monkeypatch.setenv("KINDLINGS_REGISTRY", "127.0.0.1:9")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    log = Log()

    with pytest.raises(InfrastructureError) as caught:
        images.archive(engine, log, PULLED)

    assert caught.value.advice
    assert any("No registry answers" in said for said in log.said)
