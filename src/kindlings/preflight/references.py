"""Names of other objects: whether the claims, ConfigMaps and Secrets that Pods ask for are in the files.

They may be in the cluster all the same, so all of these are warnings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kindlings.preflight import templates
from kindlings.preflight.findings import HERE, mapping, mappings, near, shown
from kindlings.preflight.templates import doubtful

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kindlings.manifests import Document, FieldPath
    from kindlings.preflight.findings import Finding
    from kindlings.preflight.templates import Template

_WAITS: Final = "Its Pods wait until there is one."


@dataclass(frozen=True)
class _Reference:
    """A place where Pods ask for an object, and for one of its keys where `key` is not empty."""

    kind: str
    name: Any
    path: FieldPath
    key: Any = ""
    key_path: FieldPath = ()
    optional: bool = False


def check(documents: Sequence[Document]) -> Iterator[Finding]:
    """Yield what Pods ask for and the files do not have."""
    for template in templates.of(documents):
        seen: set[tuple[str, str]] = set()
        for one in (*_of_volumes(template), *_of_containers(template)):
            if not isinstance(one.name, str) or not one.name or one.optional:
                continue
            found = _named(documents, template.document, one.kind, one.name)
            if found is not None:
                yield from _key(template.document, one, found)
            elif (one.kind, one.name) not in seen:
                seen.add((one.kind, one.name))
                yield _absent(template.document, one, documents)


def _named(documents: Sequence[Document], asks: Document, kind: str, name: str) -> Document | None:
    for one in documents:
        if (one.kind, one.name, one.namespace) == (kind, name, asks.namespace):
            return one
    return None


def _of_volumes(template: Template) -> Iterator[_Reference]:
    for index, volume in mappings(template.spec.get("volumes")):
        path = template.at("volumes", index)
        claim = mapping(volume.get("persistentVolumeClaim"))
        where: FieldPath = (*path, "persistentVolumeClaim", "claimName")
        yield _Reference("PersistentVolumeClaim", claim.get("claimName"), where)
        yield from _of_files(volume, path, ("secret", "secretName"))
        projected = mapping(volume.get("projected")).get("sources")
        for number, source in mappings(projected):
            yield from _of_files(source, (*path, "projected", "sources", number), ("secret", "name"))


def _of_files(holder: dict[str, Any], path: FieldPath, secret: tuple[str, str]) -> Iterator[_Reference]:
    """Yield the ConfigMap and the Secret whose keys become files, once more for each key that is named."""
    for field, kind, name in (("configMap", "ConfigMap", "name"), (secret[0], "Secret", secret[1])):
        source = mapping(holder.get(field))
        where, optional = (*path, field), source.get("optional") is True
        yield _Reference(kind, source.get(name), (*where, name), optional=optional)
        for index, item in mappings(source.get("items")):
            at = (*where, "items", index, "key")
            yield _Reference(kind, source.get(name), (*where, name), item.get("key"), at, optional)


def _of_containers(template: Template) -> Iterator[_Reference]:
    for path, container in template.containers():
        for index, one in mappings(container.get("env")):
            for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                source = mapping(mapping(one.get("valueFrom")).get(field))
                where: FieldPath = (*path, "env", index, "valueFrom", field)
                key, optional = source.get("key"), source.get("optional") is True
                yield _Reference(kind, source.get("name"), (*where, "name"), key, (*where, "key"), optional)
        for index, one in mappings(container.get("envFrom")):
            for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                source = mapping(one.get(field))
                where = (*path, "envFrom", index, field, "name")
                yield _Reference(kind, source.get("name"), where, optional=source.get("optional") is True)


def _absent(asks: Document, one: _Reference, documents: Sequence[Document]) -> Finding:
    there = {
        other.name: other
        for other in documents
        if other.kind == one.kind and other.namespace == asks.namespace and other.name
    }
    has = ", ".join(f"{shown(name)} ({other.at('metadata', 'name')})" for name, other in there.items())
    meant = near(one.name, list(there))
    mend = (
        f"Write {shown(meant)}." if meant else f"Add the {one.kind}, if the cluster does not have it already."
    )
    return doubtful(
        asks,
        one.path,
        f"the files have no {one.kind} {shown(one.name)}{HERE}" + (f"; they have {has}" if has else ""),
        mend,
        rule="reference",
        why=_WAITS,
    )


def _key(asks: Document, one: _Reference, found: Document) -> Iterator[Finding]:
    keys = {
        str(key): found.at(group, key)
        for group in ("data", "stringData", "binaryData")
        for key in mapping(found.get(group))
    }
    if not isinstance(one.key, str) or not one.key or one.key in keys:
        return
    has = ", ".join(f"{shown(key)} ({place})" for key, place in keys.items()) or "no key"
    meant = near(one.key, list(keys))
    yield doubtful(
        asks,
        one.key_path,
        f"{found.title} has no key {shown(one.key)}{HERE}; it has {has}",
        f"Write {shown(meant)}." if meant else f"Add the key to {found.title}.",
        rule="reference-key",
        why=_WAITS.replace("one", "that key"),
        also=found,
    )
