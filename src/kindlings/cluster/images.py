"""The course's own images: every node has them, so that no lab ever pulls."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from kindlings.cluster import pulling
from kindlings.cluster.source import containers, debian
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


def course_images() -> tuple[str, ...]:
    """Return the course's images as learners write them: busybox:1.36 and so on."""
    return tuple(f"busybox:{tag}" for tag in VERSIONS["images"]["busybox"])


def archive(engine: Engine, progress: Progress, node: NodeImage) -> Path | None:
    """Return an archive of the course's images for `kind load image-archive`, pulled once and kept.

    None where nodes of `node` have them inside. Where no registry answers, they are made of Debian's busybox.
    Raises InfrastructureError where neither can be done.
    """
    if node.origin == "built":
        return None
    pulled, made = _pulled(engine, progress), _made(engine)
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
    run([debian.root_file_system(), made], progress)
    return made.folder / "course.tar"


def _pulled(engine: Engine, progress: Progress) -> Stage:
    digests = [f"{name}@{VERSIONS['images']['digests'].get(name, '')}" for name in course_images()]
    return Stage(
        "course-images",
        "Course images",
        20,
        0.1,
        partial(_pull, engine, progress),
        (debian.architecture(), *digests),
    )


def _pull(engine: Engine, progress: Progress, folder: Path, step: Step) -> None:
    """Pull each image by its digest, give it the name that learners write, and save them all."""
    names = course_images()
    references = [f"docker.io/library/{name}" for name in names]
    for name, reference in zip(names, references, strict=True):
        digest = VERSIONS["images"]["digests"].get(name)
        source = f"{pulling.registry()}/library/{name.partition(':')[0] if digest else name}"
        source += f"@{digest}" if digest else ""
        pulling.pull(engine, source, progress)
        engine.run("tag", source, reference)
        step.advance(20 / (len(names) + 1), name)
    containers.save(engine, references, folder / "course.tar")
    step.advance(20 / (len(names) + 1))


def _made(engine: Engine) -> Stage:
    rootfs = debian.root_file_system()
    recipe = containers.busybox(rootfs)

    def make(folder: Path, step: Step) -> None:
        containers.archive(engine, [recipe], folder / "course.tar", step, 5)

    return Stage(
        "course-stand-ins", "Stand-ins for the course's images", 5, 0.1, make, (STAND_IN,), (rootfs,)
    )
