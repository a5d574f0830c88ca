"""Whether each field of an object is one that its kind has, of the right type, and whether one is missing."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kindlings.preflight import kinds, quantities, schemas
from kindlings.preflight.enums import WORDS
from kindlings.preflight.findings import HERE, Finding, about, called, near, shown
from kindlings.preflight.templates import doubtful, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.manifests import Document, FieldPath
    from kindlings.preflight.schemas import Schema

NOT_DEMANDED: Final = frozenset(
    {
        "CustomResourceDefinitionVersion.served",
        "EndpointSlice.endpoints",
        "HTTPHeader.value",
        "LimitRangeSpec.limits",
        "PodFailurePolicy.rules",
        "PreferredSchedulingTerm.preference",
        "PriorityClass.value",
        "SleepAction.seconds",
        "Sysctl.value",
    }
)
"""Fields that the schemas call required and the API server does without: it takes their zero value."""

DEMANDED: Final = {
    "Container": ("image",),
    "PodTemplateSpec": ("spec",),
    "ReplicationControllerSpec": ("template",),
    "PersistentVolumeClaimSpec": ("accessModes", "resources"),
    "ExecAction": ("command",),
    **dict.fromkeys(("ConfigMapKeySelector", "ConfigMapEnvSource", "ConfigMapVolumeSource"), ("name",)),
    **dict.fromkeys(("SecretKeySelector", "SecretEnvSource"), ("name",)),
    **dict.fromkeys(("ConfigMapProjection", "SecretProjection"), ("name",)),
    "SecretVolumeSource": ("secretName",),
}
"""Fields that the schemas call optional and the API server wants."""

_WANTS: Final = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list (each item begins with a dash)",
    "object": "a mapping of fields",
}
_INT32: Final = 2**31
_INT64: Final = 2**63
_STRICT: Final = "The API server refuses an object with a field that it does not know."
_TYPED: Final = "The API server cannot read the object, and refuses it."


@dataclass(frozen=True)
class _Holder:
    """The mapping that a field stands in: whose schema it follows, and where it stands."""

    definition: str
    path: FieldPath


def check(document: Document) -> Iterator[Finding]:
    """Yield what of the document's fields does not follow the schema of its kind."""
    name = schemas.of(str(document.get("apiVersion")), document.kind)
    if name:
        yield from _Walk(document).mapping(document.data, schemas.definitions()[name], _Holder(name, ()))


class _Walk:
    """Goes through one document beside its schema."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def value(self, value: Any, schema: Schema, holder: _Holder) -> Iterator[Finding]:
        """Yield what is wrong with one value; nothing (null) counts as not given, as the server has it."""
        definition, schema = schemas.resolve(schema)
        if value is None and isinstance(holder.path[-1], int) and _type(schema) == "object":
            value = {}  # a dash with nothing behind it
        if value is None:
            return
        if schemas.short(definition) == "Quantity":
            yield from self._quantity(value, holder.path)
            return
        if not _fits(value, schema):
            yield self._wrong_type(value, schema, holder.path)
        elif isinstance(value, dict):
            yield from self.mapping(value, schema, _Holder(definition or holder.definition, holder.path))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                inner = _Holder(holder.definition, (*holder.path, index))
                yield from self.value(item, schema.get("items") or {}, inner)
        else:
            yield from self._scalar(value, schema, holder)

    def mapping(self, value: dict[str, Any], schema: Schema, holder: _Holder) -> Iterator[Finding]:
        """Yield what is wrong with the fields of a mapping, and which it lacks, but for those misspelled."""
        properties, others = schema.get("properties") or {}, schema.get("additionalProperties")
        for key, inner in value.items():
            path = (*holder.path, key)
            if key in properties:
                yield from self.value(inner, properties[key], _Holder(holder.definition, path))
            elif others is False:
                yield self._unknown(path)
            elif isinstance(others, dict):
                yield from self.value(inner, others, _Holder("", path))
        misspelled = {near(key, list(properties)) for key in value.keys() - properties.keys()}
        for key in self._missing(value, schema, holder):
            if others is not False or key not in misspelled:
                yield self._needs(key, holder.path)

    def _missing(self, value: dict[str, Any], schema: Schema, holder: _Holder) -> Iterator[str]:
        wanted = _demands(holder.definition, schema)
        if not holder.path and "spec" in (schema.get("properties") or {}):
            wanted += ["spec"] if _demands(*schemas.resolve(schema["properties"]["spec"])) else []
        for key in wanted:
            # Nothing, an empty text and an empty list are all one to the server.
            if value.get(key) in (None, "", []):
                yield key

    def _needs(self, key: str, path: FieldPath) -> Finding:
        who = called(path) if path else self.document.title
        what, mend = f"{who}{HERE} needs {key}", f"Add {key} to {who}."
        if kinds.is_known_well(self.document):
            return refused(self.document, path, what, mend, rule="missing-field")
        why = "The API server may refuse an object that lacks it."
        return doubtful(self.document, path, what, mend, rule="missing-field", why=why)

    def _unknown(self, path: FieldPath) -> Finding:
        told, place = unknown(self.document, path), self.document.at(*path)
        return Finding("error", told.what, place, _STRICT, told.mend, "unknown-field", about(self.document))

    def _wrong_type(self, value: Any, schema: Schema, path: FieldPath) -> Finding:
        kind = _type(schema)
        wants = _WANTS[kind] if kind else "a text or a whole number"
        if kind == "integer" and isinstance(value, int) and not isinstance(value, bool):
            wants = f"a whole number of {'32' if schema.get('format') == 'int32' else '64'} bits"
        name = next((str(part) for part in reversed(path) if isinstance(part, str)), "the object")
        who = f"an item of {name}" if path and isinstance(path[-1], int) else name
        return Finding(
            "error",
            f"{who} wants {wants} and has {_has(value)}{HERE}",
            self.document.at(*path),
            _TYPED,
            _mend_type(value, kind, name),
            "wrong-type",
            about(self.document),
        )

    def _quantity(self, value: Any, path: FieldPath) -> Iterator[Finding]:
        if isinstance(value, (dict, list, bool)):
            what = f"{path[-1]} wants a quantity and has {_has(value)}{HERE}"
        elif not quantities.is_one(value):
            what = f"{shown(value)} is no quantity{HERE}"
        else:
            return
        mend = quantities.mend(value)
        yield Finding("error", what, self.document.at(*path), _TYPED, mend, "quantity", about(self.document))

    def _scalar(self, value: Any, schema: Schema, holder: _Holder) -> Iterator[Finding]:
        path = holder.path
        if schema.get("format") == "byte" and not _is_base64(value):
            yield Finding(
                "error",
                f"{path[-1]} is not in base64{HERE}",
                self.document.at(*path),
                "What stands under data of a Secret is decoded by the API server, which refuses other text.",
                "Write the text as it is under stringData, or encode it: printf %s TEXT | base64",
                "base64",
                about(self.document),
            )
        name = _named(holder)
        words = WORDS.get(name)
        if words and isinstance(value, str) and value and value not in words:
            yield self._wrong_word(value, words, path)

    def _wrong_word(self, value: str, words: tuple[str, ...], path: FieldPath) -> Finding:
        field = next(str(part) for part in reversed(path) if isinstance(part, str))
        meant = near(value, words)
        what = f"{field} is {shown(value)}{HERE}, which is none of {', '.join(words)}"
        mend = f"Did you mean {meant}?" if meant else f"Write one of {', '.join(words)}."
        why = "The API server takes these words only, capitals and all."
        return refused(self.document, path, what, mend, rule="wrong-value", why=why)


def _named(holder: _Holder) -> str:
    """Return the field's name as WORDS has it."""
    short, path = schemas.short(holder.definition), holder.path
    return f"{short}.{path[-2]}[]" if isinstance(path[-1], int) else f"{short}.{path[-1]}"


def _demands(definition: str, schema: Schema) -> list[str]:
    """Return the fields that the API server wants in a mapping of that definition."""
    short = schemas.short(definition)
    wanted = [*(schema.get("required") or []), *DEMANDED.get(short, ())]
    return [key for key in wanted if f"{short}.{key}" not in NOT_DEMANDED]


def _type(schema: Schema) -> str:
    """Return the one type that a schema wants, or an empty string where it takes several, or any."""
    wanted = schema.get("type") or ""
    if isinstance(wanted, list):
        wanted = next((one for one in wanted if one != "null"), "")
    return str(wanted)


def _fits(value: Any, schema: Schema) -> bool:
    if "oneOf" in schema:
        return any(_fits(value, {"format": "int32", **one}) for one in schema["oneOf"])
    wanted = _type(schema)
    if schema.get("format") == "byte" and isinstance(value, list):
        return True  # bytes may be written as numbers
    if wanted == "integer":
        limit = _INT32 if schema.get("format") == "int32" else _INT64
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return whole and not isinstance(value, bool) and -limit <= value < limit
    if wanted == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    python: dict[str, type] = {"string": str, "boolean": bool, "array": list, "object": dict}
    return wanted not in python or isinstance(value, python[wanted])


def _has(value: Any) -> str:
    if isinstance(value, bool):
        return f"{shown(value)}, which is no text and no number"
    if isinstance(value, str):
        return f"the text {shown(value)}" if value else "an empty text"
    if isinstance(value, (int, float)):
        return f"the number {shown(value)}"
    return "a list" if isinstance(value, list) else "a mapping"


def _mend_type(value: Any, kind: str, name: str) -> str:
    if kind == "string" and not isinstance(value, (dict, list)):
        # As it stands, for YAML has made true of yes and 1.1 of 1.10.
        return "Put it in quotes, as it stands."
    if kind in {"integer", "number", "boolean"} and isinstance(value, str):
        return "Write it without quotes." if _unquoted(value) else f"Write {_WANTS[kind]}."
    if name == "matchLabels":
        return "A Service's selector has the labels themselves: take the line matchLabels: away."
    if kind == "array":
        return f"Begin each item of {name} with a dash."
    return f"Write {_WANTS.get(kind, 'a text or a whole number')}."


def _unquoted(value: str) -> bool:
    return value.lstrip("-").isdigit() or value in {"true", "false"}


def _is_base64(value: Any) -> bool:
    try:
        base64.b64decode(str(value).replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


@dataclass(frozen=True)
class Unknown:
    """What is to be said of a field that its holder has not."""

    what: str
    """What is wrong, with HERE in it."""
    mend: str
    """How to mend it, as a sentence."""
    clear: bool = True
    """Whether `what` alone tells how: where the field belongs, or which one is meant."""


def unknown(document: Document, path: FieldPath) -> Unknown:
    """Return what is to be said of the field at `path`, which its holder has not."""
    levels = _levels(document, path)
    holder, name = called(path[:-1]), str(path[-1])
    meant = near(name, list(levels[-1][1].get("properties") or {}))
    where = _elsewhere(levels, path) or _inside(levels[-1][1], path, document.get(*path))
    if where:
        return Unknown(f"{name} belongs to {where}, not to {holder}{HERE}", f"Move {name} to {where}.")
    if meant:
        what = f"{holder} has no field {name}{HERE}; did you mean {meant}?"
        return Unknown(what, f"Write {meant} for {name}.")
    mend = f"Take {name} away, or look where it belongs."
    return Unknown(f"{holder} has no field {name}{HERE}", mend, clear=False)


def belongs_elsewhere(document: Document, path: FieldPath) -> bool:
    """Tell whether an unknown field is one of another place of the object."""
    return bool(_elsewhere(_levels(document, path), path))


def _levels(document: Document, path: FieldPath) -> list[tuple[FieldPath, Schema]]:
    return schemas.holders(schemas.of(str(document.get("apiVersion")), document.kind), path)


def _elsewhere(levels: list[tuple[FieldPath, Schema]], path: FieldPath) -> str:
    """Return where a field of that name belongs: to an ancestor, a container, or the spec of the Pods."""
    name = str(path[-1])
    for ancestor, schema in reversed(levels[:-1]):
        if name in (schema.get("properties") or {}):
            return called(ancestor)
    here = levels[-1][1].get("properties") or {}
    if name in _below(here, "containers"):
        return "a container"
    pods = _below(_below(here, "template"), "spec")
    if name in pods:
        return f"{called(path[:-1])}.template.spec"
    return ""


def _inside(schema: Schema, path: FieldPath, value: object) -> str:
    """Return the one field beside it that should hold a field of that name: metadata for labels."""
    properties, name = schema.get("properties") or {}, str(path[-1])
    if "matchLabels" in properties and isinstance(value, str):
        return f"{called(path[:-1])}.matchLabels"
    holders = [key for key in properties if key != "status" and name in _below(properties, key)]
    if len(holders) != 1:
        return ""
    _, holder = schemas.resolve(properties[holders[0]])
    return f"an item of {holders[0]}" if "items" in holder else called((*path[:-1], holders[0]))


def _below(properties: dict[str, Schema], field: str) -> dict[str, Schema]:
    """Return the fields of what stands in `field`, or in the items of that list."""
    _, schema = schemas.resolve(properties.get(field) or {})
    _, items = schemas.resolve(schema.get("items") or {})
    return (items or schema).get("properties") or {}
