"""What the API server takes as the name of an object, a label, a container, a port.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kindlings.preflight import schemas, templates
from kindlings.preflight.findings import HERE, mapping, mappings, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kindlings.manifests import Document, FieldPath
    from kindlings.preflight.findings import Finding

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN: Final = re.compile(rf"{_LABEL.pattern}(\.{_LABEL.pattern})*")
_WORD: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_KEY_OF_DATA: Final = re.compile(r"[-._a-zA-Z0-9]+")
_PATH_SEGMENT: Final = re.compile(r"(?!\.\.?$)[^/%]+")

_OF_LABEL: Final = "small letters, digits and hyphens, at most {} characters, no hyphen at its ends"
_OF_SUBDOMAIN: Final = "small letters, digits, hyphens and dots, beginning and ending with a letter or digit"
_OF_VALUE: Final = "at most 63 letters, digits, hyphens, underscores and dots, no space"
_LABELS: Final = {"Service": 63, "Namespace": 63, "StatefulSet": 63}
"""Kinds whose name is one label of a DNS name, and the longest it may be."""
_LONGEST: Final = {"CronJob": 52, "Job": 63}
_NAMELESS: Final = re.compile(r".+Review|Binding|Eviction|.+List")
_OF_PATHS: Final = {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}


def check(document: Document) -> Iterator[Finding]:
    """Yield what is no name in a document: the object's, its labels', its containers', its ports', keys."""
    if not schemas.of(str(document.get("apiVersion")), document.kind):
        return
    yield from _name(document)
    yield from _labels(document, ("metadata",))
    for template in templates.of([document]):
        if template.root:
            yield from _labels(document, (*template.root, "metadata"))
        for path, container in template.containers():
            yield from _part(document, container.get("name"), (*path, "name"), _is_label, "a container")
            for index, port in mappings(container.get("ports")):
                yield from _port(document, port.get("name"), (*path, "ports", index, "name"))
        for index, volume in mappings(template.spec.get("volumes")):
            yield from _part(
                document, volume.get("name"), template.at("volumes", index, "name"), _is_label, "a volume"
            )
    if document.kind == "Service":
        for index, port in mappings(document.get("spec", "ports")):
            yield from _part(
                document, port.get("name"), ("spec", "ports", index, "name"), _is_label, "a port"
            )
    if document.kind in {"ConfigMap", "Secret"}:
        yield from _keys_of_data(document)


def _is_label(value: str) -> bool:
    return len(value) <= 63 and _LABEL.fullmatch(value) is not None


def _name(document: Document) -> Iterator[Finding]:
    name = document.get("metadata", "name")
    if _NAMELESS.fullmatch(document.kind) or (name and not isinstance(name, str)):
        return
    if not name:
        if not document.get("metadata", "generateName"):
            yield _finding(
                document,
                ("metadata",),
                f"{document.title}{HERE} has no metadata.name",
                "Give it a name: metadata:, and below it name: and the name.",
            )
        return
    wrong, rule = _wrong_name(document.kind, name)
    if wrong:
        mend = f"Write it with {rule}" + (f", for example {meant}." if (meant := _meant(name)) else ".")
        what = f"{shown(name)} is no name of a {document.kind}{HERE}"
        yield _finding(document, ("metadata", "name"), what, mend)


def _wrong_name(kind: str, name: str) -> tuple[bool, str]:
    """Tell whether the API server refuses the name for that kind, and the rule for it."""
    if kind in _OF_PATHS:
        return _PATH_SEGMENT.fullmatch(name) is None, "no slash and no percent sign"
    if kind in _LABELS:
        length = _LABELS[kind]
        return len(name) > length or _LABEL.fullmatch(name) is None, _OF_LABEL.format(length)
    length = _LONGEST.get(kind, 253)
    wrong = len(name) > length or _SUBDOMAIN.fullmatch(name) is None
    return wrong, f"{_OF_SUBDOMAIN}, at most {length} characters"


def _meant(name: str) -> str:
    """Return the name with what may stand in one, or an empty string where little of it is left."""
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:52].rstrip("-")
    return words if len(words) > 1 else ""


def _labels(document: Document, path: FieldPath) -> Iterator[Finding]:
    for group in ("labels", "annotations"):
        for key, value in mapping(document.get(*path, group)).items():
            where = (*path, group, key)
            if not _is_key(key if group == "labels" else key.lower()):
                rule = "Write a word of at most 63 characters, or DOMAIN/WORD."
                yield _finding(document, where, f"{shown(key)} is no key of {group}{HERE}", rule)
            elif group == "labels" and isinstance(value, str) and not _is_value(value):
                yield _finding(
                    document,
                    where,
                    f"{shown(value)} is no value of a label{HERE}: {_OF_VALUE}",
                    "Write it without what is not allowed; other text is an annotation.",
                )


def _is_key(key: str) -> bool:
    domain, slash, word = key.rpartition("/")
    if slash and (len(domain) > 253 or _SUBDOMAIN.fullmatch(domain) is None):
        return False
    return len(word) <= 63 and _WORD.fullmatch(word) is not None


def _is_value(value: str) -> bool:
    return not value or (len(value) <= 63 and _WORD.fullmatch(value) is not None)


def _part(
    document: Document, name: Any, path: FieldPath, is_one: Callable[[str], bool], what: str
) -> Iterator[Finding]:
    if isinstance(name, str) and name and not is_one(name):
        said = f"{shown(name)} is no name of {what}{HERE}"
        meant = f", for example {_meant(name)}" if _meant(name) else ""
        yield _finding(document, path, said, f"Write it with {_OF_LABEL.format(63)}{meant}.")


def _port(document: Document, name: Any, path: FieldPath) -> Iterator[Finding]:
    """Yield why a container's port cannot be called so: at most 15 characters, one of them a letter."""
    if not isinstance(name, str) or not name:
        return
    fits = _LABEL.fullmatch(name) and len(name) <= 15 and "--" not in name and re.search("[a-z]", name)
    if not fits:
        what = f"{shown(name)} is no name of a container's port{HERE}"
        rule = "small letters, digits and hyphens, at most 15 characters, one letter at least"
        yield _finding(document, path, what, f"Write it with {rule}.")


def _keys_of_data(document: Document) -> Iterator[Finding]:
    for group in ("data", "binaryData", "stringData"):
        for key in mapping(document.get(group)):
            if len(key) > 253 or key in {".", ".."} or _KEY_OF_DATA.fullmatch(key) is None:
                what = f"{shown(key)} is no key of a {document.kind}{HERE}"
                mend = (
                    "Write it with letters, digits, hyphens, underscores and dots: it becomes a file's name."
                )
                yield _finding(document, (group, key), what, mend)


def _finding(document: Document, path: FieldPath, what: str, mend: str) -> Finding:
    return templates.refused(document, path, what, mend, rule="name")
