"""Why the API server refused an object, and which of the learner's lines it meant."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Final

from kindlings import objects
from kindlings.errors import Findings, LabFailure, Place
from kindlings.explain import foreseen, wording
from kindlings.explain.sources import parse_path, places_of
from kindlings.files import READ_OBJECTS
from kindlings.preflight import fields
from kindlings.preflight.findings import HERE, advised, called

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kindlings.cluster.api import Refusal
    from kindlings.manifests import Document, FieldPath

_UNKNOWN: Final = re.compile(r'unknown field "([^"]+)"')
_UNMARSHAL: Final = re.compile(
    r"cannot unmarshal (\w+) into Go (?:struct field (?:\w+\.)?([\w.]+) of type|value of type) ([\w.\[\]*]+)"
)
_NO_LABEL: Final = re.compile(r"field label not supported: (\S+)")
_READ: Final = {
    "downward": "https://kubernetes.io/docs/concepts/workloads/pods/downward-api/",
    "quantity": "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
    "security": "https://kubernetes.io/docs/concepts/security/pod-security-standards/",
    "quota": "https://kubernetes.io/docs/concepts/policy/resource-quotas/",
    "names": "https://kubernetes.io/docs/concepts/overview/working-with-objects/names/",
    "labels": "https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/",
    "kinds": "https://kubernetes.io/docs/reference/kubernetes-api/",
}
_JSON_WORDS: Final = {
    "object": "a mapping",
    "string": "a text",
    "number": "a number",
    "array": "a list",
    "bool": "true or false",
}


def refused(document: Document, refusal: Refusal, look: str, first: Document | None = None) -> LabFailure:
    """Return the failure that tells the learner why `document` was not taken.

    `first` is the first document of its kind and name; where that is another one, it is there already.
    """
    because, place, read = _because(document, refusal)
    if first is not None and first is not document:
        place, read = document.at("metadata", "name"), _READ["names"]
        twice = f"{document.title} stands twice ({first.at('metadata', 'name')}, {place})"
        because = f"{twice}, and the second would change the first: give one of them another name"
    if f"({document.file}" not in because and (found := foreseen.error_in(document)):
        # The server's words lead to no line, and what cannot be taken is known.
        because, place = foreseen.sentence(found), found.place
    return LabFailure(
        Findings(
            expected=f"{document.title} to be taken by the API server",
            saw=f"refused: {_shorten(_server_words(refusal, document.kind))}",
            because=because,
            look=look,
            read=read,
            place=place,
        )
    )


def _server_words(refusal: Refusal, kind: str) -> str:
    """Return the server's reason without what it says of its own doings."""
    words = refusal.message
    for marker in ("strict decoding error: ", "cannot be handled as a "):
        words = words.split(marker, 1)[-1]
    return words.replace("json: ", "").removeprefix(f"{kind}: ")


def _because(document: Document, refusal: Refusal) -> tuple[str, Place, str]:
    message = refusal.message
    if unknown := _UNKNOWN.findall(message):
        return _unknown_field(document, parse_path(unknown[0]))
    if "duplicate field" in message:
        return "the same field stands twice in one mapping", document.at(), READ_OBJECTS
    if match := _UNMARSHAL.search(message):
        return _mendable(document, *_wrong_type(document, match))
    if "quantities must match" in message or "unable to parse quantity" in message:
        return _bad_quantity(document)
    if not document.name:
        place = document.at("metadata")
        return f"the object has no metadata.name ({place})", place, _READ["names"]
    if refusal.causes:
        return _invalid(document, refusal)
    if "violates PodSecurity" in message:
        return _security(document, message)
    if "exceeded quota" in message:
        return _quota(document, message)
    if refusal.reason == "AlreadyExists":
        return (
            f"two objects of the lab are called {document.title}",
            document.at("metadata", "name"),
            _READ["names"],
        )
    return _mendable(document, "", document.at(), READ_OBJECTS)


def _quota(document: Document, message: str) -> tuple[str, Place, str]:
    limit = message.split("limited: ", 1)[-1]
    because, place = f"a lab may have at most {limit}", document.at()
    # Services of a type are counted: it is the type then, and not one too many.
    if "services." in limit and (type_ := document.get("spec", "type")):
        place = document.at("spec", "type")
        because = f"{because}, and type is {type_} ({place})"
    return because, place, _READ["quota"]


def _mendable(
    document: Document, because: str, place: Place, read: str, rule: str = ""
) -> tuple[str, Place, str]:
    """Return preflight's words in the place of the server's, where it has any: they say how to mend it."""
    return (*(foreseen.refused(document, place, rule) or (because, place)), read)


def _unknown_field(document: Document, path: FieldPath) -> tuple[str, Place, str]:
    place = document.at(*path)
    told = fields.unknown(document, path)
    what = told.what if told.clear else advised(told.what, told.mend)
    if not fields.belongs_elsewhere(document, path):
        what = _beside_an_empty_key(document, path) or what
    return what.replace(HERE, f" ({place})"), place, READ_OBJECTS


def _beside_an_empty_key(document: Document, path: FieldPath) -> str:
    """Say that the field stands beside the empty key that should hold it, or nothing."""
    around = document.get(*path[:-1])
    for key, value in around.items() if isinstance(around, dict) else ():
        if value is None:
            stands = f"{key} ({document.at(*path[:-1], key)}) is empty: indent what is to stand in it further"
            return f"{called(path[:-1])} has no field {path[-1]}{HERE}, and {stands}"
    return ""


def _wrong_type(document: Document, match: re.Match[str]) -> tuple[str, Place, str]:
    """Find the field whose value has the wrong type; the server leaves the indices out of its path."""
    found, dotted, wanted = match.groups()
    words = tuple((dotted or "").split("."))
    wants = "a list (each item begins with a dash)" if wanted.startswith("[]") else _go_type(wanted)
    has = _JSON_WORDS.get(found, found)
    for path, place in places_of(document, words):
        if _json_type(document.get(*path)) == found:
            return f"{words[-1]} wants {wants} and has {has} ({place})", place, READ_OBJECTS
    for path, value in document.walk():
        holder = tuple(part for part in path[:-1] if isinstance(part, str))
        if holder == words and _json_type(value) == found:
            place = document.at(*path)
            name = path[-1] if isinstance(path[-1], str) else f"an item of {words[-1]}"
            return f"{name} wants {wants} and has {has} ({place})", place, READ_OBJECTS
    return f"{words[-1] or 'a field'} wants {wants}", document.at(), READ_OBJECTS


def _json_type(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else "string" if isinstance(value, str) else "number"


def _go_type(written: str) -> str:
    if written in {"string", "*string"}:
        return "a text (in quotes, where it could be read as a number)"
    if "int" in written or "float" in written:
        return "a number"
    if "bool" in written:
        return "true or false"
    return "a mapping"


def _bad_quantity(document: Document) -> tuple[str, Place, str]:
    for path, value in document.walk():
        if _is_quantity(path) and objects.quantity(value) is None:
            place = document.at(*path)
            why = f"{value} is no quantity ({place}); memory is written as 1Gi or 512Mi, cpu as 1 or 500m"
            return why, place, _READ["quantity"]
    return "a quantity is written as 1Gi, 512Mi, 500m or 1", document.at(), _READ["quantity"]


def _is_quantity(path: FieldPath) -> bool:
    return len(path) > 1 and path[-2] in {"limits", "requests", "capacity", "hard"}


def _invalid(document: Document, refusal: Refusal) -> tuple[str, Place, str]:
    """Say the first thing that the server's validation found; its path leads to the line."""
    if "does not match template" in refusal.message and document.get("spec", "selector") is not None:
        return _mismatch(document)
    cause = refusal.causes[0]
    path = parse_path(cause.get("field", "").removeprefix("<nil>"))
    path = _narrowed(document, path, cause)
    place = document.at(*path)
    field = ".".join(str(part) for part in path) if path else "the object"
    message = cause.get("message", "").removesuffix(": must not be empty").removeprefix("Required value: ")
    if cause.get("reason") == "FieldValueRequired" and document.get(*path) is None:
        return f"{called(path[:-1])} needs {path[-1] if path else 'more'} ({place})", place, READ_OBJECTS
    if match := _NO_LABEL.search(message):
        offers = "the downward API offers no such field of a Pod"
        return f"{match[1]} ({place}) names no value: {offers}", place, _READ["downward"]
    if (plain := wording.plain(document, path, message)) is not None:
        # Of names preflight knows whose they are, and so what they may be.
        return _mendable(document, *plain) if wording.NAME in message else plain
    where = called(path) if path and isinstance(path[-1], int) else field
    return _mendable(document, f"{where}: {_shorten(message)} ({place})", place, READ_OBJECTS)


def _narrowed(document: Document, path: FieldPath, cause: Mapping[str, str]) -> FieldPath:
    """Return the one field below `path` that has the refused value, where the server names their mapping."""
    below = document.get(*path)
    if cause.get("reason") == "FieldValueNotSupported" and isinstance(below, dict):
        message = cause.get("message", "").partition("supported values")[0]
        for key, value in below.items():
            if isinstance(value, str) and f'"{value}"' in message:
                return (*path, key)
    return path


def _mismatch(document: Document) -> tuple[str, Place, str]:
    """Say what the selector asks for and what the template carries, each with its line."""
    selector, labels = ("spec", "selector", "matchLabels"), ("spec", "template", "metadata", "labels")
    asked, carried = document.get(*selector) or {}, document.get(*labels) or {}
    for key, value in asked.items():
        if carried.get(key) != value:
            has, there = f"{key}={carried[key]}" if key in carried else f"no {key}", key
            others = [one for one in carried if one not in asked]
            if key not in carried and len(others) == 1:
                there = others[0]
                has = f"{there}={carried[there]} and no {key}"
            place = document.at(*labels, there)
            asks = f"the selector asks for {key}={value} ({document.at(*selector, key)})"
            return f"{asks}, the Pod template carries {has} ({place})", place, _READ["labels"]
    place, carries = document.at(*selector), document.at(*labels)
    why = f"the selector ({place}) asks for none of the labels of the Pod template ({carries})"
    return _mendable(document, why, place, _READ["labels"], rule="selector")


def _security(document: Document, message: str) -> tuple[str, Place, str]:
    """Name the field that the Pod Security level forbids."""
    what = message.split("latest: ", 1)[-1].split('": ', 1)[-1]
    for word in ("hostNetwork", "hostPID", "hostIPC", "hostPath", "hostPort", "privileged", "capabilities"):
        if word not in what:
            continue
        for path in document.places:
            if path and path[-1] == word:
                place = document.at(*path)
                return (
                    f"labs run at the Pod Security level baseline, which forbids {word} ({place})",
                    place,
                    _READ["security"],
                )
    return f"labs run at the Pod Security level baseline: {what}", document.at(), _READ["security"]


def wrong_kind(document: Document, allowed: Iterable[str], known: dict[str, str]) -> LabFailure | None:
    """Return why an object's kind or apiVersion cannot be meant in this lab, or None where it can.

    `known` maps each kind to the apiVersion that serves it.
    """
    for field in ("apiVersion", "kind"):
        if not document.get(field):
            because, place = _lacks(document, field)
            return _says(document, f"{field} in every object", f"none in {document.title}", because, place)
    kind, version, takes = document.kind, str(document.get("apiVersion")), sorted(allowed)
    place = document.at("kind")
    if kind not in known:
        near = next(iter(difflib.get_close_matches(kind, known, n=1)), "")
        because = f"there is no kind {kind} ({place})" + (f"; did you mean {near}?" if near else "")
        return _says(document, f"an object of kind {' or '.join(takes)}", f"kind {kind}", because, place)
    if kind not in takes:
        because = f"this lab is about {' and '.join(takes)}, and the object is a {kind} ({place})"
        return _says(document, f"objects of kind {' or '.join(takes)} only", document.title, because, place)
    if version != known[kind]:
        place = document.at("apiVersion")
        because = f"a {kind} is served at apiVersion {known[kind]}, not at {version} ({place})"
        return _says(
            document, f"apiVersion {known[kind]} for a {kind}", f"apiVersion {version}", because, place
        )
    return None


def _lacks(document: Document, field: str) -> tuple[str, Place]:
    """Say that an object has no such field, or which of its fields seems to be meant."""
    if field in document.data:
        place = document.at(field)
        return f"{field} is empty ({place})", place
    near = next(iter(difflib.get_close_matches(field, document.data, n=1)), "")
    place = document.at(near) if near else document.at()
    meant = f"; is {near} ({place}) meant for it?" if near else f" (it begins at {place})"
    return f"the object has no {field}{meant}", place


def foreign_namespace(document: Document, namespace: str) -> LabFailure | None:
    """Return why an object may not name a namespace of its own, or None where it does not."""
    if document.namespace in {"", namespace}:
        return None
    place = document.at("metadata", "namespace")
    because = f"metadata.namespace is {document.namespace} ({place}); leave it out: each lab has its own"
    expected = "objects for the lab's own namespace"
    return _says(document, expected, f"{document.title} for namespace {document.namespace}", because, place)


def _says(document: Document, expected: str, saw: str, because: str, place: Place) -> LabFailure:
    return LabFailure(Findings(expected, saw, because, read=_READ["kinds"], place=place or document.at()))


def _shorten(text: str, limit: int = 160) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
