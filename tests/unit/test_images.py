"""The course's images for nodes that were pulled, with an engine that is a script."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kindlings.cluster import images, pulling
from kindlings.cluster.engine import Engine
from kindlings.cluster.node_image import NodeImage
from kindlings.cluster.source import go
from kindlings.cluster.source.stages import Stage
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
    pulled = {name for name in images.course_images() if not name.startswith("kindlings/")}
    assert pulled | {images._golang()} == set(VERSIONS["images"]["digests"])


def test_images_have_the_names_that_learners_write() -> None:
    """What a manifest names is what containerd looks for in the node."""
    assert set(images.course_images()) == {"busybox:1.36", "busybox:1.37", "kindlings/web:1.0", "redis:7.0"}
    assert images.full_name("kindlings/web:1.0") == "docker.io/kindlings/web:1.0"
    assert images.full_name("redis:7.0") == "docker.io/library/redis:7.0"


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
    assert archive.read_text().split()[2:] == [images.full_name(name) for name in images.course_images()]
    digests = VERSIONS["images"]["digests"]
    for name in ("busybox:1.36", "busybox:1.37", "redis:7.0"):
        assert f"pull docker.io/library/{name.partition(':')[0]}@{digests[name]}" in commands
        assert any(call.startswith("tag ") and call.endswith(f"library/{name}") for call in commands)


def test_our_own_image_is_built_in_a_container_of_go(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kindlings/web needs no compiler where a registry answers: Go's image, pinned by digest, has one."""
    monkeypatch.setattr(pulling, "_require_answer", lambda _: None)
    monkeypatch.setattr(go, "find", lambda _: pytest.fail("looked for a compiler"))
    monkeypatch.setattr(pulling, "present", lambda *_: False)

    images.archive(engine, Log(), PULLED)

    commands = (tmp_path / "calls").read_text().splitlines()
    (build,) = (call for call in commands if call.startswith("build "))
    golang = images._source(images._golang())
    assert golang.startswith("docker.io/library/golang@sha256:")
    assert f"GOLANG={golang}" in build
    assert "--tag docker.io/kindlings/web:1.0" in build
    assert commands.index(f"pull {golang}") < commands.index(build) < commands.index(f"rmi {golang}")


def test_without_the_image_of_go_our_own_is_built_with_a_go_of_this_machine(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A registry that has the course's images but not Go's is no reason to go without the others."""
    monkeypatch.setattr(pulling, "_require_answer", lambda _: None)
    monkeypatch.setattr(pulling, "present", lambda *_: False)
    script = tmp_path / "engine"
    text = script.read_text()
    script.write_text(
        text.replace(
            "#!/bin/sh\n", '#!/bin/sh\ncase "$*" in pull*golang*) echo "manifest unknown"; exit 1;; esac\n'
        )
    )

    def make(folder: Path, _: object) -> None:
        (folder / "web").write_text("program")

    monkeypatch.setattr(go, "web", lambda _: Stage("web", "web", 1, 0, make))
    log = Log()

    assert images.archive(engine, log, PULLED) is not None

    assert any("manifest unknown" in said and "this machine's Go" in said for said in log.said)
    (build,) = (call for call in (tmp_path / "calls").read_text().splitlines() if call.startswith("build "))
    assert "images/web/program.Containerfile" in build


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
