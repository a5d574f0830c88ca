"""The course on another Kubernetes version: which image, which cluster, and what the report says."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from kindlings import course
from kindlings.authoring import answers, comparing, deprecations, replaying, running, trying
from kindlings.cluster import down, node_image, pulling
from kindlings.cluster import engine as engines
from kindlings.cluster.api import Refusal
from kindlings.cluster.source.containers import REPOSITORY
from kindlings.errors import ExitCode, InfrastructureError, UsageError
from kindlings.results import Outcome, Results, TestResult
from tests.unit import small_course
from tests.unit.progress_log import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

IMAGE = "kindest/node:v1.35.2"


@pytest.mark.parametrize(
    ("said", "image"),
    [
        ("1.35.2", "docker.io/kindest/node:v1.35.2"),
        ("v1.35.2", "docker.io/kindest/node:v1.35.2"),
        (IMAGE, IMAGE),
        ("localhost/kindlings/node:v1.35.2-other", "localhost/kindlings/node:v1.35.2-other"),
        ("kindest/node:v1.35.2@sha256:abc", "kindest/node:v1.35.2@sha256:abc"),
    ],
)
def test_a_version_or_an_image_is_taken(said: str, image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version is that of kind's image, and an image is taken as it is named."""
    monkeypatch.delenv("KINDLINGS_REGISTRY", raising=False)
    assert comparing.image_of(said) == image


@pytest.mark.parametrize("said", ["1.35", "newest", "kindest/node:latest", "node:v1.35.2"])
def test_what_tells_no_version_is_refused(said: str) -> None:
    """The author reads what to say instead."""
    with pytest.raises(UsageError, match="neither a version") as error:
        comparing.image_of(said)
    assert "1.35.2" in error.value.advice


def test_an_image_built_here_brings_the_courses_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under any tag of ours the nodes have the course's images; of others they have to be loaded."""
    monkeypatch.setenv(node_image.IMAGE_VARIABLE, f"{REPOSITORY}:v1.35.2-other")
    assert node_image.published().origin == "built"
    monkeypatch.setenv(node_image.IMAGE_VARIABLE, IMAGE)
    assert node_image.published().origin == "pulled"


# A cluster of its own.


class World:
    """Stands for the engine, the clusters and the lessons: what is done, and what they say."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.results: list[TestResult] = []
        self.messages = "as ever\n"
        self.drifts: list[Any] = []
        self.warnings: list[str] = []


class Session:
    """A session whose API server has something to say."""

    def __init__(self, world: World) -> None:
        self.admin = SimpleNamespace(warnings=lambda *_: world.warnings)

    def end(self, *, keep: bool) -> None:
        """End; nothing was opened."""
        assert not keep


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Give a checkout of a small course, an engine that has every image, and a cluster that comes up."""
    made = small_course.make(tmp_path, monkeypatch)
    monkeypatch.setattr(course, "is_packed", lambda: False)
    monkeypatch.setenv("KINDLINGS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("KINDLINGS_CLUSTER", "mine")
    monkeypatch.delenv(node_image.IMAGE_VARIABLE, raising=False)
    answer = made.installed / "tests" / "wrong_answers" / "module1" / "wrong"
    answer.mkdir(parents=True)
    (answer / "message.txt").write_text("as ever\n")
    made_world = World()

    def up(_: object, settings: Any) -> Any:
        made_world.done.append(f"up {settings.name} of {os.environ[node_image.IMAGE_VARIABLE]}")
        return SimpleNamespace(kubernetes="1.35.2")

    def run(modules: Sequence[str], *arguments: str) -> Results:
        made_world.done.append(f"run {modules} {arguments} on {os.environ['KINDLINGS_CLUSTER']}")
        return Results("run", "", tests=tuple(made_world.results))

    monkeypatch.setattr(engines, "find", lambda *_, **__: SimpleNamespace(name="podman"))
    monkeypatch.setattr(pulling, "present", lambda *_: True)
    monkeypatch.setattr(comparing, "up", up)
    monkeypatch.setattr(down, "down", lambda _, name: made_world.done.append(f"down {name}"))
    monkeypatch.setattr(trying, "run", run)
    monkeypatch.setattr(running, "connect", lambda _: Session(made_world))
    monkeypatch.setattr(answers, "read", lambda *_: made_world.messages)
    monkeypatch.setattr(replaying, "record", lambda *_, **__: made_world.drifts)
    return made_world


def test_the_courses_cluster_stays(world: World) -> None:
    """All is done in a cluster of another name, which is removed, and the environment is as it was."""
    report = comparing.compare(["module1"], "1.35.2", Log(), write=False)
    image = comparing.image_of("1.35.2")
    assert world.done == [
        f"up mine-try of {image}",
        "run ['module1'] ('--solutions',) on mine-try",
        "down mine-try",
    ]
    assert os.environ["KINDLINGS_CLUSTER"] == "mine"
    assert node_image.IMAGE_VARIABLE not in os.environ
    assert report.is_same
    assert "messages: 0 wrong answers read otherwise (of 1)" in list(report.lines())


def test_the_cluster_is_removed_whatever_happens(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it does not come up."""

    def up(*_: object) -> None:
        raise InfrastructureError("kind create cluster failed.")

    monkeypatch.setattr(comparing, "up", up)
    with pytest.raises(InfrastructureError, match="kind create"):
        comparing.compare(["module1"], "1.35.2", Log(), write=False)
    assert world.done == ["down mine-try"]


def test_an_image_that_cannot_be_had_ends_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The author reads which image, why, and what else can be done; no cluster is made."""

    def pull(*_: object) -> None:
        raise InfrastructureError("No registry answers at registry-1.docker.io.", "Look at the network.")

    monkeypatch.setattr(pulling, "present", lambda *_: False)
    monkeypatch.setattr(pulling, "pull", pull)
    with pytest.raises(
        InfrastructureError, match=r"v1\.35\.2 is not in podman, and cannot be pulled: No"
    ) as error:
        comparing.compare(["module1"], "1.35.2", Log(), write=False)
    assert "podman load" in error.value.advice
    assert world.done == []


def _otherwise(world: World) -> None:
    """Let everything be otherwise on the other version."""
    one = TestResult("module1", "pods", "test_it_runs", "It runs", 1)
    world.results = [
        TestResult("module1", "pods", "test_it_stays", "It stays", 1, outcome=Outcome.PASSED),
        TestResult(
            one.module, one.lab, one.name, one.title, 1, outcome=Outcome.FAILED, message="saw nothing"
        ),
    ]
    world.messages = "another\n"
    world.warnings = ["v1 Thing is deprecated"]


@pytest.mark.parametrize("write", [False, True])
def test_what_is_otherwise_is_told(world: World, write: bool) -> None:  # noqa: FBT001 - pytest gives it by name
    """Each part is in the report; a message is written only where that is asked for."""
    _otherwise(world)
    report = comparing.compare(["module1"], "1.35.2", Log(), write=write)
    lines = "\n".join(report.lines())
    assert not report.is_same
    assert "behaviour: 1 solutions' tests end otherwise (of 2)\n  module1/pods/test_it_runs: failed" in lines
    assert "  - as ever\n  + another" in lines
    assert "solutions/module1/one.yaml: the API server warns of Pod counter: v1 Thing is deprecated" in lines
    (folder,) = answers.folders("module1")
    assert answers.kept(folder) == ("another\n" if write else "as ever\n")


def test_the_command_says_so_by_its_exit_code(
    world: World, kindlings: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """1 where something is otherwise, 2 for options that do not go together."""
    seen: list[list[str]] = []

    def compare(modules: list[str], *_: object, **__: object) -> Any:
        seen.append(modules)
        return SimpleNamespace(lines=lambda: ["compared"], is_same=not world.warnings)

    monkeypatch.setattr(comparing, "compare", compare)
    command = ["author", "regenerate", "module1", "--kubernetes", "1.35.2"]
    assert kindlings(*command)[:2] == (ExitCode.OK, "compared\n")
    world.warnings = ["one"]
    assert kindlings(*command)[0] == ExitCode.FAILED
    assert seen == [["module1"], ["module1"]]
    assert kindlings(*command, "--offline")[0] == ExitCode.USAGE
    assert kindlings("author", "regenerate", "--write")[0] == ExitCode.USAGE


# What is deprecated.


def test_schemas_tell_what_is_gone() -> None:
    """A field that the older version lacks, and a version without schemas, are said; the rest is silence."""
    found = deprecations.documents(["module1"])
    assert list(deprecations.told_by_schemas("1.36.3", "1.35.0", found)) == []
    (line,) = deprecations.told_by_schemas("1.36.3", "1.25.0", found)
    assert (
        line == "solutions/module1/sidecar.yaml: spec.initContainers.restartPolicy is gone in Kubernetes 1.25"
    )
    (unknown,) = deprecations.told_by_schemas("1.36.3", "1.2.0", found)
    assert "has no schemas of Kubernetes 1.2" in unknown


def test_kinds_that_are_gone_are_named() -> None:
    """Only where both versions are known."""
    assert "autoscaling/v2beta2 HorizontalPodAutoscaler" in deprecations.gone("1.25.0", "1.36.0")
    assert deprecations.gone("1.36.3", "1.2.0") == []


def test_what_the_server_refuses_is_told() -> None:
    """But not that a node port is another Service's."""
    found = deprecations.documents(["module1"])[:1]

    def server(message: str, reason: str = "Invalid") -> Any:
        def warnings(*_: object) -> None:
            raise Refusal(422, {"message": message, "reason": reason})

        return SimpleNamespace(warnings=warnings)

    (line,) = deprecations.told_by_server(server("no such field"), found)
    assert line.endswith("the API server refuses Pod dok-app: no such field")
    assert list(deprecations.told_by_server(server("provided port is already allocated"), found)) == []
