"""Why an image did not come: its name, its tag, or the policy that asks a registry."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

from kindlings import objects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kindlings.explain.sources import Sources
    from kindlings.manifests import Document
    from kindlings.symptoms import Symptom

READ: Final = "https://kubernetes.io/docs/concepts/containers/images/"


def because(symptom: Symptom, document: Document, sources: Sources) -> str:
    """Say which line asks for an image that the nodes do not have, and what they have."""
    path = sources.container(document, symptom.container)
    written = str(document.get(*path, "image") or "")
    image = _asked_for(symptom) or written
    place = str(document.at(*path, "image")) if image == written else sources.set_by(image)
    if symptom.reason == "InvalidImageName":
        return f"{image} is no name of an image ({place})"
    if not sources.course_images:  # another cluster, whose nodes may pull
        return f"{image} ({place}) could not be pulled: {symptom.message[:200]}"
    have = _same_name(image, sources.course_images)
    if document.get(*path, "imagePullPolicy") == "Always" and image in sources.course_images:
        policy = document.at(*path, "imagePullPolicy")
        return (
            f"imagePullPolicy: Always ({policy}) asks a registry for {image} each time, although the nodes "
            "have it, and no registry serves this course"
        )
    if ":" not in image.rsplit("/", 1)[-1] and "@" not in image:
        return (
            f"{image} ({place}) means {image}:latest, which is asked of a registry each time; {_offer(have)}"
        )
    if have:
        return f"there is no {image} ({place}); {_offer(have)}"
    near = difflib.get_close_matches(image, sources.course_images, n=1, cutoff=0.7)
    meant = f"did you mean {near[0]}?" if near else f"the course has {', '.join(sources.course_images)}"
    return f"there is no {image} ({place}); {meant}"


def set_by_lab(symptom: Symptom, document: Document, sources: Sources) -> str:
    """Return the image that neither the manifest nor a command of the learner's asks for, or nothing."""
    image = _asked_for(symptom)
    written = document.get(*sources.container(document, symptom.container), "image")
    return "" if image == written or sources.command_with(image) else image


def _asked_for(symptom: Symptom) -> str:
    """Return the image in the Pod itself, which may have come by a command instead of the manifest."""
    for container in objects.containers(symptom.object):
        if container.get("name") == symptom.container:
            return str(container.get("image") or "")
    return ""


def _same_name(image: str, course: Sequence[str]) -> list[str]:
    name = image.split("@", maxsplit=1)[0].rsplit(":", 1)[0]
    return [one for one in course if one.rsplit(":", 1)[0] == name]


def _offer(have: list[str]) -> str:
    return f"the course has {' and '.join(have)}" if have else "give it a tag that the course has"
