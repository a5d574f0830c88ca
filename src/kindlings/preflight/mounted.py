"""Files that a container's command names: whether a volume has them where it is mounted; warnings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kindlings.preflight import templates
from kindlings.preflight.findings import HERE, mapping, mappings, near, shown
from kindlings.preflight.templates import doubtful

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kindlings.manifests import Document, FieldPath
    from kindlings.preflight.findings import Finding
    from kindlings.preflight.templates import Template

_PATH: Final = re.compile(r"/[^\s;|&]*")
_ENDS: Final = "There is no such file in the container, so its program ends with an error."


def check(documents: Sequence[Document]) -> Iterator[Finding]:
    """Yield the files that a container's command names beside a volume of nearly that name, or not in it."""
    for template in templates.of(documents):
        for path, container in template.containers():
            mounts = {
                str(mount["mountPath"]).rstrip("/"): ((*path, "volumeMounts", index, "mountPath"), mount)
                for index, mount in mappings(container.get("volumeMounts"))
                if isinstance(mount.get("mountPath"), str)
            }
            for group in ("command", "args"):
                words = container.get(group)
                for index, word in enumerate(words if isinstance(words, list) else []):
                    if isinstance(word, str) and _PATH.fullmatch(word):
                        yield from _file(documents, template, word, (*path, group, index), mounts)


def _file(
    documents: Sequence[Document],
    template: Template,
    file: str,
    path: FieldPath,
    mounts: Mapping[str, tuple[FieldPath, dict[str, Any]]],
) -> Iterator[Finding]:
    document = template.document
    folder, _, name = file.rpartition("/")
    if folder in mounts:
        keys = _keys(documents, template, mounts[folder][1])
        if keys and name not in keys:
            there = ", ".join(map(shown, list(keys)[:10]))
            what = f"the command names {shown(file)}{HERE}, and the files at {folder} are {there}"
            meant = near(name, list(keys)) or next(iter(keys))
            mend = f"Write {folder}/{meant}."
            yield doubtful(document, path, what, mend, rule="command-file", why=_ENDS)
        return
    meant = near(folder, list(mounts))
    if folder and meant and sorted(folder) == sorted(meant):
        place = document.at(*mounts[meant][0])
        what = f"the command names {shown(file)}{HERE}, and a volume is mounted at {meant} ({place})"
        yield doubtful(document, path, what, "Write the same path in both.", rule="command-file", why=_ENDS)


def _keys(
    documents: Sequence[Document], template: Template, mount: Mapping[str, Any]
) -> Mapping[str, object]:
    """Return the files in a mounted ConfigMap of the documents; none where it is another volume."""
    if mount.get("subPath"):
        return {}
    for _, volume in mappings(template.spec.get("volumes")):
        source = mapping(volume.get("configMap"))
        if volume.get("name") != mount.get("name") or not source or source.get("items"):
            continue
        for one in documents:
            same = (one.kind, one.namespace) == ("ConfigMap", template.document.namespace)
            if same and one.name == source.get("name"):
                return {**mapping(one.get("data")), **mapping(one.get("binaryData"))}
    return {}
