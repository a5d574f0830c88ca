"""What another Kubernetes version drops or advises against: by its API server, by the schemas of both."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kindlings import course, manifests
from kindlings.authoring import mutants
from kindlings.cluster.api import KINDS, Refusal
from kindlings.preflight import schemas
from kindlings.versions import minor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kindlings.cluster.api import Api
    from kindlings.manifests import Document
    from kindlings.preflight.schemas import Schema

_DEPRECATED: Final = re.compile(r"\bdeprecated\b", re.IGNORECASE)
_NAMESPACE: Final = "default"
"""Where the server is asked what it would say; nothing is made."""


def documents(modules: Sequence[str]) -> list[tuple[str, Document]]:
    """Return the objects of the modules' solutions that are Kubernetes', each with its file's name."""
    return [
        (f"solutions/{module}/{path.name}", document)
        for module in modules
        for path in mutants.files(module)
        if path.suffix == ".yaml"
        for document in manifests.read(course.solutions() / module / path.name).documents
        if document.kind in KINDS
    ]


def told_by_server(api: Api, found: Sequence[tuple[str, Document]]) -> Iterator[str]:
    """Yield what the API server warns of, or refuses, in these objects, a line each. Makes none of them."""
    for name, document in found:
        try:
            warnings = api.warnings(KINDS[document.kind].path(_NAMESPACE), document.data)
        except Refusal as refusal:
            if not _is_of_the_lab(refusal):
                yield f"{name}: the API server refuses {document.title}: {refusal.message}"
        else:
            yield from (f"{name}: the API server warns of {document.title}: {one}" for one in warnings)


def _is_of_the_lab(refusal: Refusal) -> bool:
    """Tell whether a refusal is about where the object is asked for, and not about what it says."""
    return refusal.reason == "AlreadyExists" or "already allocated" in refusal.message


def told_by_schemas(old: str, new: str, found: Sequence[tuple[str, Document]]) -> Iterator[str]:
    """Yield what is gone or newly deprecated of these objects' fields from `old` to `new`, a line each.

    The versions are such as "1.36.3"; where one has no schemas, that is said, and nothing else.
    """
    before, after = minor(old), minor(new)
    if missing := [one for one in (before, after) if one not in schemas.known_versions()]:
        yield f"kubernetes-validate has no schemas of Kubernetes {missing[0]}: fields were not compared"
        return
    then, now = _Version(before), _Version(after)
    for name, document in found:
        mark = (str(document.data.get("apiVersion")), document.kind)
        if mark in then.kinds and mark not in now.kinds:
            yield f"{name}: Kubernetes {after} has no {document.kind} in {mark[0]}"
            continue
        for path, _ in document.walk():
            fields = tuple(part for part in path if not isinstance(part, int))
            was, is_now = then.field(mark, path), now.field(mark, path)
            if was is not None and is_now is None:
                yield f"{name}: {'.'.join(fields)} is gone in Kubernetes {after}"
            elif was is not None and is_now is not None and _deprecated(is_now) and not _deprecated(was):
                yield f"{name}: {'.'.join(fields)} is deprecated in Kubernetes {after}"


def gone(old: str, new: str) -> list[str]:
    """Return the kinds that `old` has and `new` has not, as apps/v1beta1 Deployment; none without schemas."""
    before, after = minor(old), minor(new)
    if {before, after} - set(schemas.known_versions()):
        return []
    lost = _Version(before).kinds.keys() - _Version(after).kinds.keys()
    return sorted(f"{version} {kind}" for version, kind in lost if not kind.endswith("List"))


def _deprecated(schema: Schema) -> bool:
    return bool(_DEPRECATED.search(str(schema.get("description") or "")))


class _Version:
    """The schemas of one version."""

    def __init__(self, wanted: str) -> None:
        self._definitions: Mapping[str, Schema] = schemas.of_version(wanted)
        self.kinds = schemas.kinds_of(wanted)

    def field(self, mark: tuple[str, str], path: Sequence[str | int]) -> Schema | None:
        """Return the schema of a field of an object, None where the version has none of it."""
        schema: Any = self._definitions.get(self.kinds.get(mark, ""))
        for part in path:
            if schema is None:
                return None
            schema = self._resolved(schema)
            if isinstance(part, int):
                schema = schema.get("items")
            else:
                more = schema.get("additionalProperties")
                schema = (schema.get("properties") or {}).get(part, more if isinstance(more, dict) else None)
        found: Schema | None = schema
        return found

    def _resolved(self, schema: Schema) -> Schema:
        reference = str(schema.get("$ref") or "")
        return self._definitions.get(reference.rpartition("/")[2], {}) if reference else schema
