"""What the API server takes as the name of an object, a label, a container, a port.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kindlings.preflight import kinds, schemas, templates
from kindlings.preflight.findings import HERE, mapping, mappings, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.manifests import Document, FieldPath
    from kindlings.preflight.findings import Finding
    from kindlings.preflight.templates import Template

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN: Final = re.compile(rf"{_LABEL.pattern}(\.{_LABEL.pattern})*")
_WORD: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_KEY_OF_DATA: Final = re.compile(r"[-._a-zA-Z0-9]+")
_PATH_SEGMENT: Final = re.compile(r"(?!\.\.?$)[^/%]+")

_OF_LABEL: Final = "small letters, digits and hyphens, at most {} characters, no hyphen at its ends"
_OF_SUBDOMAIN: Final = "small letters, digits, hyphens and dots, beginning and ending with a letter or digit"
_OF_VALUE: Final = "at most 63 letters, digits, hyphens, underscores and dots, no space"
_OF_KEY: Final = "Write a word of at most 63 characters, or DOMAIN/WORD."
_LABELS: Final = {"Service": 63, "Namespace": 63, "StatefulSet": 63}
"""Kinds whose name is one label of a DNS name, and the longest it may be."""
_LONGEST: Final = {"CronJob": 52, "Job": 63}
_NAMELESS: Final = re.compile(r".+Review|Binding|Eviction|.+List")
_ANY_NAME: Final = {"LimitRange", "PodDisruptionBudget"}
"""Kinds of which the API server does not look at the name."""
_OF_PATHS: Final = {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}


def check(document: Document) -> Iterator[Finding]:
    """Yield what is no name in a document: the object's, its labels', its containers', its ports', keys."""
    if not schemas.of(str(document.get("apiVersion")), document.kind):
        return
    yield from _name(document)
    yield from _labels(document, ("metadata",))
    for path, value in _selections(document):
        yield from _words(document, value, path)
    for template in templates.of([document]):
        yield from _of_pods(template)
    if document.kind == "Service":
        for index, port in mappings(document.get("spec", "ports")):
            yield from _part(document, port.get("name"), ("spec", "ports", index, "name"), "a port")
            yield from _port(document, port.get("targetPort"), ("spec", "ports", index, "targetPort"))
    if document.kind == "StatefulSet":
        yield from _part(document, document.get("spec", "serviceName"), ("spec", "serviceName"), "a Service")
    if document.kind in {"ConfigMap", "Secret"}:
        yield from _keys_of_data(document)


def _selections(document: Document) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """Yield every mapping of labels that something is selected by."""
    for path, value in document.walk():
        of_service = path == ("spec", "selector") and document.kind in {"Service", "ReplicationController"}
        of_pods = path[-1] == "nodeSelector" and path[-2:-1] == ("spec",)
        if isinstance(value, dict) and (path[-1] == "matchLabels" or of_service or of_pods):
            yield path, value


def _of_pods(template: Template) -> Iterator[Finding]:
    document = template.document
    if template.root:
        yield from _labels(document, (*template.root, "metadata"))
    for field in ("hostname", "subdomain"):
        yield from _part(document, template.spec.get(field), template.at(field), "a host")
    for index, volume in mappings(template.spec.get("volumes")):
        yield from _part(document, volume.get("name"), template.at("volumes", index, "name"), "a volume")
    for path, container in template.containers():
        yield from _part(document, container.get("name"), (*path, "name"), "a container")
        for index, port in mappings(container.get("ports")):
            yield from _port(document, port.get("name"), (*path, "ports", index, "name"))
        for probe in ("readinessProbe", "livenessProbe", "startupProbe"):
            for way in ("httpGet", "tcpSocket"):
                asked = mapping(mapping(container.get(probe)).get(way)).get("port")
                yield from _port(document, asked, (*path, probe, way, "port"))


def _is_label(value: str) -> bool:
    return len(value) <= 63 and _LABEL.fullmatch(value) is not None


def _name(document: Document) -> Iterator[Finding]:
    name = document.get("metadata", "name")
    if _NAMELESS.fullmatch(document.kind) or (name and not isinstance(name, str)):
        return
    if not name:
        if not document.get("metadata", "generateName") and document.kind not in _ANY_NAME:
            what = f"{document.title}{HERE} has no metadata.name"
            mend = "Give it a name: metadata:, and below it name: and the name."
            yield _finding(document, ("metadata",), what, mend)
        return
    wrong, rule = _wrong_name(document.kind, name)
    if wrong and kinds.is_known_well(document) and document.kind not in _ANY_NAME:
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
    yield from _words(document, mapping(document.get(*path, "labels")), (*path, "labels"))
    for key in mapping(document.get(*path, "annotations")):
        if not _is_key(key.lower()):
            what = f"{shown(key)} is no key of annotations{HERE}"
            yield _finding(document, (*path, "annotations", key), what, _OF_KEY)


def _words(document: Document, labels: dict[str, Any], path: FieldPath) -> Iterator[Finding]:
    """Yield the keys and values that cannot be those of labels."""
    for key, value in labels.items():
        if not _is_key(key):
            yield _finding(document, (*path, key), f"{shown(key)} is no key of a label{HERE}", _OF_KEY)
        elif isinstance(value, str) and not _is_value(value):
            what = f"{shown(value)} is no value of a label{HERE}: {_OF_VALUE}"
            mend = "Write it without what is not allowed; other text is an annotation."
            yield _finding(document, (*path, key), what, mend)


def _is_key(key: str) -> bool:
    domain, slash, word = key.rpartition("/")
    if slash and (len(domain) > 253 or _SUBDOMAIN.fullmatch(domain) is None):
        return False
    return len(word) <= 63 and _WORD.fullmatch(word) is not None


def _is_value(value: str) -> bool:
    return not value or (len(value) <= 63 and _WORD.fullmatch(value) is not None)


def _part(document: Document, name: Any, path: FieldPath, what: str) -> Iterator[Finding]:
    if isinstance(name, str) and name and not _is_label(name):
        said = f"{shown(name)} is no name of {what}{HERE}"
        meant = f", for example {_meant(name)}" if _meant(name) else ""
        yield _finding(document, path, said, f"Write it with {_OF_LABEL.format(63)}{meant}.")


def _port(document: Document, name: Any, path: FieldPath) -> Iterator[Finding]:
    """Yield why a container's port cannot be called so: at most 15 characters, one of them a letter."""
    if not isinstance(name, str) or not name:
        return
    if name.isdigit():
        what, mend = f"port {shown(name)}{HERE} is a number in quotes", "Write the number without quotes."
        yield _finding(document, path, what, mend)
    elif not (_LABEL.fullmatch(name) and len(name) <= 15 and "--" not in name and re.search("[a-z]", name)):
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
