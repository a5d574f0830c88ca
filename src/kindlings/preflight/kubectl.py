"""Lines of kubectl: whether the objects, containers and images that they name are the lab's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kindlings.preflight import templates
from kindlings.preflight.findings import Finding, near, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kindlings.commands import Parsed
    from kindlings.manifests import Document

_KINDS: Final = {
    "Pod": ("pod", "pods", "po"),
    "Service": ("service", "services", "svc"),
    "ConfigMap": ("configmap", "configmaps", "cm"),
    "Deployment": ("deployment", "deployments", "deploy"),
    "ReplicaSet": ("replicaset", "replicasets", "rs"),
    "DaemonSet": ("daemonset", "daemonsets", "ds"),
    "StatefulSet": ("statefulset", "statefulsets", "sts"),
    "PersistentVolumeClaim": ("persistentvolumeclaim", "persistentvolumeclaims", "pvc"),
}
_WORDS: Final = {word: kind for kind, words in _KINDS.items() for word in words}
_MADE: Final = {"Pod", "ReplicaSet", "PersistentVolumeClaim"}
"""Kinds whose objects controllers make, under names that no file has."""
_WHY: Final = "kubectl ends with an error, and the lab with it."


def check(line: Parsed, documents: Sequence[Document], images: Sequence[str] = ()) -> Iterator[Finding]:
    """Yield what a command names and the files that are applied before it do not have.

    `images` are all that the nodes have; empty where they may pull others.
    """
    kinds, names = _objects(line)
    for word in kinds:
        if word not in _WORDS and (meant := near(word, list(_WORDS))):
            what = f"kubectl knows no kind of object {shown(word)}"
            yield _doubtful(line, what, f"Write {meant}.", "command-kind")
    for word, name in names:
        kind = _WORDS.get(word, "")
        of_kind = [one for one in documents if one.kind == kind]
        if of_kind and kind not in _MADE and name not in [one.name for one in of_kind]:
            has = ", ".join(f"{one.title} ({one.at('metadata', 'name')})" for one in of_kind)
            what = f"the files have no {kind} {shown(name)}; they have {has}"
            meant = near(name, [one.name for one in of_kind]) or of_kind[0].name
            yield _doubtful(line, what, f"Write {meant}.", "command-name")
    if line.verb == "set image":
        yield from _images(line, documents, images)


def _objects(line: Parsed) -> tuple[list[str], list[tuple[str, str]]]:
    """Return a command's words for kinds, and the objects that it names: KIND/NAME or KIND NAME."""
    words = []
    for word in line.about:
        if "=" in word or word.endswith("-"):  # from here on: what is set, or taken away
            break
        words.append(word)
    if not words or line.verb in {"logs", "wait", "expose"}:
        return [], []
    if any("/" in word for word in words):
        pairs = [(kind, name) for kind, slash, name in (word.partition("/") for word in words) if slash]
        return [_bare(kind) for kind, _ in pairs], [(_bare(kind), name) for kind, name in pairs]
    kinds = [_bare(kind) for kind in words[0].split(",")]
    return kinds, [(kinds[0], name) for name in words[1:]] if len(kinds) == 1 else []


def _bare(kind: str) -> str:
    return kind.lower().partition(".")[0]


def _images(line: Parsed, documents: Sequence[Document], images: Sequence[str]) -> Iterator[Finding]:
    _, names = _objects(line)
    about = {(_WORDS.get(word, ""), name) for word, name in names}
    pods = [one for one in templates.of(documents) if (one.document.kind, one.document.name) in about]
    there = [str(container.get("name")) for pod in pods for _, container in pod.containers()]
    for word in line.about:
        container, equals, image = word.partition("=")
        if not equals:
            continue
        if pods and container not in {*there, "*"}:
            what = f"there is no container {shown(container)}; the Pods have {', '.join(there) or 'none'}"
            meant = near(container, there) or next(iter(there), "")
            yield _doubtful(line, what, f"Write {meant}={image}.", "command-container")
        if images and image not in images:
            what = f"no node has the image {shown(image)}; the course has {', '.join(images)}"
            yield _doubtful(line, what, f"Write {near(image, list(images)) or images[0]}.", "command-image")


def _doubtful(line: Parsed, what: str, mend: str, rule: str) -> Finding:
    return Finding("warning", what, line.command.place, _WHY, mend, rule)
