"""Volumes and the places where containers mount them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kindlings.preflight import templates
from kindlings.preflight.findings import HERE, mapping, mappings, near, shown
from kindlings.preflight.templates import doubtful, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.manifests import Document, FieldPath
    from kindlings.preflight.findings import Finding
    from kindlings.preflight.templates import Template

_FIELDS: Final = re.compile(
    r"metadata\.(name|namespace|uid|labels|annotations|(labels|annotations)\['[^']+'\])"
)
"""What the downward API offers to a volume, which is less than it offers to a variable.

Source: https://kubernetes.io/docs/concepts/workloads/pods/downward-api/
"""
_CLAIMS: Final = ("spec", "volumeClaimTemplates")


def check(document: Document) -> Iterator[Finding]:
    """Yield mounts without a volume, volumes that nobody mounts, and what stands twice."""
    for template in templates.of([document]):
        names = _names(template)
        yield from _volumes(template)
        mounted: set[str] = set()
        for path, container in template.containers():
            for field in ("volumeMounts", "volumeDevices"):
                for index, mount in mappings(container.get(field)):
                    yield from _mount(document, mount, (*path, field, index), names)
                    mounted.add(str(mount.get("name")))
            yield from _paths(document, container, path)
        misspelled = mounted - names.keys()
        for name, where in names.items():
            if name not in mounted and not misspelled:
                there = ", ".join(
                    f"{shown(one.get('name'))} ({document.at(*path)})" for path, one in template.containers()
                )
                what = f"no container mounts the volume {shown(name)}{HERE}; the Pod has {there or 'none'}"
                mend = "Add it to the volumeMounts of a container, or take it away."
                why = "A volume is seen by those containers only that mount it."
                yield doubtful(document, where, what, mend, rule="unused-volume", why=why)


def _names(template: Template) -> dict[str, FieldPath]:
    """Return the volumes that the Pods have, a StatefulSet's claim templates too, and where each is named."""
    found: dict[str, FieldPath] = {}
    for index, volume in mappings(template.spec.get("volumes")):
        if isinstance(volume.get("name"), str):
            found.setdefault(volume["name"], template.at("volumes", index, "name"))
    for index, claim in mappings(template.document.get(*_CLAIMS)):
        name = mapping(claim.get("metadata")).get("name")
        if isinstance(name, str):
            found.setdefault(name, (*_CLAIMS, index, "metadata", "name"))
    return found


def _volumes(template: Template) -> Iterator[Finding]:
    document, seen = template.document, set[str]()
    for index, volume in mappings(template.spec.get("volumes")):
        path, name = template.at("volumes", index), volume.get("name")
        if isinstance(name, str) and name in seen:
            what = f"two volumes are called {shown(name)}{HERE}"
            mend = "Give each volume of a Pod a name of its own."
            yield refused(document, (*path, "name"), what, mend, rule="duplicate-name")
        seen |= {name} if isinstance(name, str) else set()
        yield from _downward(document, volume, path)
        sources = [key for key, value in volume.items() if key != "name" and value is not None]
        if not sources:
            # A source with nothing behind it ("configMap:") is read as not given at all.
            empty = next((key for key in volume if key != "name"), "")
            what = f"volume {shown(name)}{HERE} does not say what it is"
            mend = (
                f"Write what belongs below {empty}." if empty else "Add what it is, for example emptyDir: {}"
            )
            why = "It becomes an emptyDir, which is empty whenever a Pod begins."
            yield doubtful(document, path, what, mend, rule="volume-source", why=why)
        elif len(sources) > 1:
            what = f"volume {shown(name)}{HERE} is {' and '.join(map(shown, sources))} at once"
            yield refused(document, path, what, "Make a volume of each.", rule="volume-source")


def _downward(document: Document, volume: dict[str, Any], path: FieldPath) -> Iterator[Finding]:
    """Yield the fields that a volume of the downward API asks for in vain, projected or not."""
    sources: list[tuple[FieldPath, dict[str, Any]]] = [(("downwardAPI",), mapping(volume.get("downwardAPI")))]
    for index, one in mappings(mapping(volume.get("projected")).get("sources")):
        sources.append((("projected", "sources", index, "downwardAPI"), mapping(one.get("downwardAPI"))))
    for where, source in sources:
        for index, item in mappings(source.get("items")):
            field = mapping(item.get("fieldRef")).get("fieldPath")
            if isinstance(field, str) and field and _FIELDS.fullmatch(field) is None:
                what = f"a volume of the downward API has no {shown(field)}{HERE}"
                mend = "Take it into a variable: env has valueFrom.fieldRef, too."
                line = (*path, *where, "items", index, "fieldRef", "fieldPath")
                yield refused(document, line, what, mend, rule="downward-api")


def _mount(
    document: Document, mount: dict[str, Any], path: FieldPath, names: dict[str, FieldPath]
) -> Iterator[Finding]:
    name = mount.get("name")
    if not isinstance(name, str) or not name or name in names:
        return
    meant = near(name, list(names))
    has = ", ".join(f"{shown(one)} ({document.at(*where)})" for one, where in names.items())
    spec = document.at(*path[:-4])
    claims = document.kind != "StatefulSet" or document.get(*_CLAIMS)
    lacks = "" if claims else f", and spec ({document.at('spec')}) has no {_CLAIMS[-1]}"
    yield refused(
        document,
        (*path, "name"),
        f"there is no volume {shown(name)}{HERE}; the Pod ({spec}) has {has or 'none'}{lacks}",
        f"Write {shown(meant)}, or add a volume {shown(name)}."
        if meant
        else f"Add a volume {shown(name)} to the volumes of the Pod's spec.",
        rule="volume-mount",
    )


def _paths(document: Document, container: dict[str, Any], path: FieldPath) -> Iterator[Finding]:
    seen: dict[str, FieldPath] = {}
    for index, mount in mappings(container.get("volumeMounts")):
        where: FieldPath = (*path, "volumeMounts", index, "mountPath")
        target = mount.get("mountPath")
        if not isinstance(target, str):
            continue
        if target in seen:
            what = f"mountPath {shown(target)}{HERE} stands twice, first at {document.at(*seen[target])}"
            mend = "Mount each volume at a path of its own."
            yield refused(document, where, what, mend, rule="mount-path")
        elif ":" in target or not target:
            what = f"mountPath {shown(target)}{HERE} is empty or has a colon"
            yield refused(document, where, what, "Write a path of the container.", rule="mount-path")
        seen.setdefault(target, where)
        inner = mount.get("subPath")
        if isinstance(inner, str) and (inner.startswith("/") or ".." in inner.split("/")):
            what = f"subPath {shown(inner)}{HERE} leads out of the volume"
            mend = "Write a path within the volume, without a slash at its beginning."
            yield refused(document, (*where[:-1], "subPath"), what, mend, rule="mount-path")
