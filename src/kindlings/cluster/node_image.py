"""The image that nodes are made of: already here, else pulled, else built from source."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from kindlings.cluster import pulling
from kindlings.cluster.source.containers import REPOSITORY, Build
from kindlings.errors import InfrastructureError, UsageError
from kindlings.versions import VERSIONS

if TYPE_CHECKING:
    from kindlings.cluster.engine import Engine
    from kindlings.progress import Progress

IMAGE_VARIABLE: Final = "KINDLINGS_NODE_IMAGE"
"""Names another node image to pull, best with its digest; the tag tells its Kubernetes version."""


@dataclass(frozen=True)
class NodeImage:
    """A node image in the engine: its reference, its Kubernetes version ("1.36.3"), where it came from."""

    reference: str
    kubernetes: str
    origin: Literal["pulled", "built"]


def published() -> NodeImage:
    """Return the image that is pulled where a registry answers; raises UsageError for a bad override."""
    pinned = VERSIONS["kubernetes"]
    override = os.environ.get(IMAGE_VARIABLE, "").strip()
    reference = override or f"{pulling.registry()}/{pinned['image']}:v{pinned['pulled']}@{pinned['digest']}"
    version = re.search(r":v(\d+\.\d+\.\d+)[^/]*$", reference)
    if version is None:
        raise UsageError(
            f"{IMAGE_VARIABLE}={override} does not tell its Kubernetes version.",
            "Give the image with its tag, such as kindest/node:v1.36.4@sha256:…",
        )
    # What is built here has the course's images inside, under whatever tag.
    return NodeImage(reference, version[1], "built" if reference.startswith(f"{REPOSITORY}:") else "pulled")


def ensure(engine: Engine, progress: Progress, *, from_source: bool = False) -> NodeImage:
    """Return a node image that is in `engine`: the one that is there, else pulled, else built from source.

    Raises InfrastructureError where none can be had. `from_source` takes only one that was built here; an
    image that was named is pulled although one that was built here is there.
    """
    build = Build(engine, progress)
    built = NodeImage(build.reference, VERSIONS["kubernetes"]["built"], "built")
    named = published() if os.environ.get(IMAGE_VARIABLE) else None
    if from_source:
        wanted = [named] if named and named.origin == "built" else [built]
    else:
        wanted = [named] if named else [published(), built]
    for image in wanted:
        if pulling.present(engine, image.reference):
            progress.say(f"Node image: {image.reference} ({image.origin})")
            return image
    if not from_source:
        image = published()
        try:
            pulling.pull(engine, image.reference, progress)
        except InfrastructureError as trouble:
            progress.say(f"{trouble.message} Falling back to a node image from source")
        else:
            return image
        if pulling.present(engine, built.reference):
            progress.say(f"Node image: {built.reference} (built)")
            return built
    build.run()
    return built
