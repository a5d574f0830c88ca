"""The course's own images: every node has them, so that no lab ever pulls."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from kindlings import course, versions
from kindlings.cluster import pulling
from kindlings.cluster.source import containers, debian, go
from kindlings.cluster.source.stages import Stage, run
from kindlings.errors import InfrastructureError
from kindlings.versions import VERSIONS

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.cluster.engine import Engine
    from kindlings.cluster.node_image import NodeImage
    from kindlings.progress import Progress, Step

STAND_IN: Final = "org.kindlings.stand-in"
"""The label of an image that was made here in place of an official one."""


_SECONDS: Final = 40
"""About how long pulling the course's images and building its own takes."""


def course_images() -> tuple[str, ...]:
    """Return the course's images as learners write them: busybox:1.36, kindlings/web:1.0 and so on."""
    return versions.course_images()


def full_name(image: str) -> str:
    """Return what containerd calls an image of the course: docker.io/library/busybox:1.36 and so on."""
    return f"docker.io/{image}" if "/" in image else f"docker.io/library/{image}"


def archive(engine: Engine, progress: Progress, node: NodeImage) -> Path | None:
    """Return an archive of the course's images for `kind load image-archive`, pulled once and kept.

    None where nodes of `node` have them inside. Where no registry answers, they are made here.
    Raises InfrastructureError where neither can be done.
    """
    if node.origin == "built":
        return None
    toolchain = go.Toolchain(progress)
    pulled, made = _pulled(engine, progress, toolchain), _made(engine, toolchain)
    for stage in (pulled, made):
        if stage.done:
            return stage.folder / "course.tar"
    try:
        run([pulled], progress)
    except InfrastructureError as trouble:
        progress.say(f"{trouble.message} Making stand-ins for the course's images instead")
    else:
        return pulled.folder / "course.tar"
    debian.require(progress)
    run([*made.needs, made], progress)
    return made.folder / "course.tar"


def _source(image: str) -> str:
    """Return what is pulled for an image such as busybox:1.36: by its digest where one is pinned."""
    digest = VERSIONS["images"]["digests"].get(image)
    name = f"{pulling.registry()}/library/{image.partition(':')[0] if digest else image}"
    return f"{name}@{digest}" if digest else name


def _golang() -> str:
    return f"golang:{VERSIONS['images']['golang']}"


def _pulled(engine: Engine, progress: Progress, toolchain: go.Toolchain) -> Stage:
    web = course.root() / "images" / "web"
    digests = VERSIONS["images"]["digests"]
    inputs = [f"{name}@{digests.get(name, '')}" for name in (*course_images(), _golang())]
    make = partial(_pull, engine, progress, toolchain)
    return Stage("course-images", "Course images", _SECONDS, 0.6, make, (debian.architecture(), web, *inputs))


def _pull(engine: Engine, progress: Progress, toolchain: go.Toolchain, folder: Path, step: Step) -> None:
    """Pull or build each image, give it the name that learners write, and save them all."""
    names = course_images()
    share = _SECONDS / (len(names) + 1)
    for name in names:
        if name.startswith("kindlings/"):
            _build_web(engine, progress, toolchain, folder)
        else:
            pulling.pull(engine, _source(name), progress)
            engine.run("tag", _source(name), full_name(name))
        step.advance(share, name)
    containers.save(engine, [full_name(name) for name in names], folder / "course.tar")
    step.advance(share)


def _build_web(engine: Engine, progress: Progress, toolchain: go.Toolchain, folder: Path) -> None:
    """Build kindlings/web in a container of Go's image, or with this machine's Go where there is none."""
    golang = _source(_golang())
    had = pulling.present(engine, golang)
    try:
        if not had:
            pulling.pull(engine, golang, progress)
    except InfrastructureError as trouble:
        progress.say(f"{trouble.message} Building kindlings/web with this machine's Go instead")
        program = go.web(toolchain)
        run([program], progress)
        containers.build(engine, containers.web(program), folder / "context")
        return
    context = course.root() / "images" / "web"
    tags = [
        word
        for tag in VERSIONS["images"]["kindlings/web"]
        for word in ("--tag", full_name(f"kindlings/web:{tag}"))
    ]
    engine.run("build", *tags, "--build-arg", f"GOLANG={golang}", str(context))
    if not had:
        engine.run("rmi", golang, check=False)


def _made(engine: Engine, toolchain: go.Toolchain) -> Stage:
    rootfs, packages, program = debian.root_file_system(), debian.redis(), go.web(toolchain)
    recipes = [
        containers.busybox(rootfs),
        containers.web(program),
        containers.redis(rootfs, packages),
    ]

    def make(folder: Path, step: Step) -> None:
        containers.archive(engine, recipes, folder / "course.tar", step, 10)

    return Stage(
        "course-stand-ins",
        "Stand-ins for the course's images",
        10,
        0.2,
        make,
        (STAND_IN, course.root() / "images"),
        (rootfs, packages, program),
    )
