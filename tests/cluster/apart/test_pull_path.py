"""The pull path with a real registry, a real podman with a store of its own, and one real cluster."""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from kindlings import paths
from kindlings.cluster import engine as engines
from kindlings.cluster import images, node_image, pulling
from kindlings.cluster.down import down
from kindlings.cluster.source import go
from kindlings.cluster.source.containers import Build
from kindlings.cluster.source.stages import run
from kindlings.cluster.up import Settings, up
from kindlings.errors import InfrastructureError
from kindlings.versions import VERSIONS
from tests.cluster.apart.debian_packages import require_root
from tests.cluster.apart.local_registry import BadWay, Registry, bad_way, local_registry
from tests.unit.progress_log import Log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.cluster.engine import Engine

NAME: Final = "pull-path"
VERSION: Final = VERSIONS["kubernetes"]["built"]
REPOSITORY: Final = f"kindest/node:v{VERSION}"


@dataclass(frozen=True)
class Place:
    """A podman whose store is empty, and a registry that has images."""

    podman: Engine
    registry: Registry
    small: str
    """The digest of REPOSITORY as a small image: 4 MiB of what cannot be compressed."""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Give a registry with nothing in it."""
    folder = tmp_path_factory.mktemp("registry")
    with local_registry(folder) as running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture
def machine() -> Engine:
    """Give the machine's own podman, with its own store."""
    require_root()
    podman = engines.candidate("podman")
    if podman is None:
        pytest.skip("needs podman")
    return podman


@pytest.fixture
def place(machine: Engine, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Give a podman with an empty store, kindlings with a state and a cache to match, and the registry."""
    tools = paths.cache() / "tools"
    built = [path for path in (paths.cache() / "build").glob("*-*") if not path.name.startswith("course-")]
    with tempfile.TemporaryDirectory(prefix="kindlings-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # What was built or fetched is taken from the machine's cache; what will be pulled is not there yet.
        (folder / "cache" / "build").mkdir(parents=True)
        for path in built:
            (folder / "cache" / "build" / path.name).symlink_to(path)
        if tools.is_dir():
            (folder / "cache" / "tools").symlink_to(tools)
        (folder / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/store"\nrunroot = "{folder}/run"\n'
        )
        monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(folder / "storage.conf"))
        monkeypatch.setenv("KINDLINGS_CACHE_DIR", str(folder / "cache"))
        monkeypatch.setenv("KINDLINGS_STATE_DIR", str(folder / "state"))
        monkeypatch.setenv("KINDLINGS_ENGINE", "podman")
        yield Place(machine, registry, push_small(machine, registry))
        # Said in so many words, for this must never be another store.
        own = ("--root", str(folder / "store"), "--runroot", str(folder / "run"))
        machine.run(*own, "rm", "--force", "--all")
        machine.run(*own, "rmi", "--force", "--all")


@pytest.fixture
def way(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[BadWay]:
    """Give a bad way to the registry, which kindlings is told to go; the small image is the node image.

    A build from source is taken as done: minutes, and not what is asked here.
    """
    monkeypatch.setattr(Build, "run", lambda build: build.reference)
    with bad_way(place.registry) as opened:
        monkeypatch.setenv(pulling.REGISTRY_VARIABLE, opened.address)
        monkeypatch.setenv(node_image.IMAGE_VARIABLE, f"{opened.address}/{REPOSITORY}@{place.small}")
        yield opened


def push_small(podman: Engine, registry: Registry) -> str:
    """Push 4 MiB as REPOSITORY, leaving nothing of it in the store; return the digest."""
    with tempfile.TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            entry = tarfile.TarInfo("noise")
            entry.size = 4 << 20
            archive.addfile(entry, io.BytesIO(os.urandom(entry.size)))
        file.seek(0)
        podman.run("import", "-", "localhost/small:1", stdin=file)
    digest = registry.push(podman, "localhost/small:1", REPOSITORY)
    podman.run("rmi", "localhost/small:1")
    return digest


def store(podman: Engine) -> set[str]:
    """Return what is in the store, each image by its names or, without any, by its identifier."""
    listed = podman.run("images", "--format", "{{.Repository}}:{{.Tag}}@{{.Digest}}").stdout
    return set(listed.split())


class Mending(Log):
    """A Log that mends the way once it reads that a pull is tried again."""

    def __init__(self, way: BadWay) -> None:
        super().__init__()
        self.way = way

    def say(self, text: str) -> None:
        """Remember `text`."""
        super().say(text)
        if "Trying again" in text:
            self.way.cutting = False


def test_a_pull_that_is_cut_half_way_is_tried_again(place: Place, way: BadWay) -> None:
    """Where the connection ends in the middle of a layer, the pull is tried again by name, with a word."""
    way.cutting = True
    log = Mending(way)

    image = node_image.ensure(place.podman, log)

    assert image.origin == "pulled", log.said
    assert way.cuts
    assert any(
        said.startswith(f"Pulling {image.reference} failed") and "(2 of 3)" in said for said in log.said
    )
    assert any(place.small in one for one in store(place.podman))


def test_a_way_that_stays_bad_leads_to_the_image_from_source(place: Place, way: BadWay) -> None:
    """After three attempts the node image that was built here is taken, with a word; nothing half is left."""
    built = Build(place.podman, Log()).reference
    with tempfile.TemporaryFile() as empty:
        tarfile.open(fileobj=empty, mode="w").close()
        empty.seek(0)
        place.podman.run("import", "-", built, stdin=empty)
    before = store(place.podman)
    way.cutting = True
    log = Log()

    image = node_image.ensure(place.podman, log)

    assert (image.reference, image.origin) == (built, "built")
    assert any("(3 of 3)" in said for said in log.said)
    assert any("Falling back to a node image from source" in said for said in log.said)
    assert store(place.podman) == before


def test_a_digest_that_the_registry_lacks_is_refused(
    place: Place, way: BadWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A digest that nothing has is no image, although the tag beside it is there: a node image is built."""
    wrong = f"{way.address}/{REPOSITORY}@sha256:{'0' * 64}"
    monkeypatch.setenv(node_image.IMAGE_VARIABLE, wrong)
    log = Log()

    image = node_image.ensure(place.podman, log)

    assert image.origin == "built"
    assert any(said.startswith(f"Pulling {wrong} failed") for said in log.said)
    assert not any("Trying again" in said for said in log.said)
    assert store(place.podman) == set()


def test_content_of_another_digest_is_refused(place: Place, way: BadWay) -> None:
    """What a registry gives in place of the digest that was asked for is not taken, nor asked for again."""
    pinned = f"sha256:{'1' * 64}"
    way.lies[pinned] = place.small
    log = Log()

    with pytest.raises(InfrastructureError, match="does not match provided manifest digest"):
        pulling.pull(place.podman, f"{way.address}/{REPOSITORY}@{pinned}", log)

    assert not any("Trying again" in said for said in log.said)
    assert store(place.podman) == set()


@pytest.fixture
def stocked(
    machine: Engine, registry: Registry, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Place:
    """Give the place with the real node image and the course's images in the registry, pinned by digest."""
    image = node_image.ensure(machine, Log())
    course = course_archive(machine, image)
    # Before `place`: from then on podman has another store.
    digest = registry.push(machine, image.reference, f"kindest/node:v{image.kubernetes}")
    place: Place = request.getfixturevalue("place")
    place.podman.run("load", "--input", str(course))
    for name in images.course_images():
        if name in VERSIONS["images"]["digests"]:
            pushed = registry.push(place.podman, images.full_name(name), f"library/{name}")
            monkeypatch.setitem(VERSIONS["images"]["digests"], name, pushed)
        place.podman.run("rmi", images.full_name(name))
    monkeypatch.setenv(pulling.REGISTRY_VARIABLE, registry.address)
    monkeypatch.setenv(
        node_image.IMAGE_VARIABLE, f"{registry.address}/kindest/node:v{image.kubernetes}@{digest}"
    )
    return place


def course_archive(machine: Engine, image: node_image.NodeImage) -> Path:
    """Return an archive of the course's images, made here where they are only inside the node image."""
    archive = images.archive(machine, Log(), image)
    if archive is not None:
        return archive
    made = images._made(machine, go.Toolchain(Log()))
    run([*made.needs, made], Log())
    return made.folder / "course.tar"


def test_up_pulls_everything_by_digest(stocked: Place) -> None:
    """`up` takes node image and course images from the registry, by digest, and the cluster is ready.

    Go's image is not there: kindlings/web is built with this machine's Go.
    """
    log = Log()
    try:
        cluster = up(log, Settings(name=NAME))

        wanted = os.environ[node_image.IMAGE_VARIABLE]
        assert (cluster.node_image.reference, cluster.node_image.origin) == (wanted, "pulled")
        pulled = [title for title in log.steps if title.startswith("Pulling ")]
        assert pulled == [
            f"Pulling {wanted.partition('@')[0]}",
            *[
                f"Pulling {stocked.registry.address}/library/{name}"
                for name in ("busybox", "busybox", "golang", "redis")
            ],
        ]
        assert any("Building kindlings/web with this machine's Go" in said for said in log.said)
        assert "Loading the course's images" in log.steps
        listed = json.loads(cluster.ask("get", "nodes", "--output=json"))["items"]
        assert len(listed) == 3
        inside = cluster.engine.run(
            *("exec", f"{NAME}-worker", "ctr", "--namespace", "k8s.io", "images", "ls", "--quiet")
        ).stdout.split()
        assert {images.full_name(name) for name in images.course_images()} <= set(inside)
    finally:
        down(Log(), name=NAME)
    assert stocked.podman.run("ps", "--all", "--quiet").stdout == ""
    assert stocked.podman.run("volume", "ls", "--quiet").stdout == ""
