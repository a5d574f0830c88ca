"""Reads a learner's YAML as hostile input, and knows where in the file every field stands.

The values are those that kubectl would send: its YAML library knows neither dates nor numbers in base 60, so
both stay strings here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final

import yaml
from yaml.constructor import ConstructorError

from kindlings import unreadable
from kindlings.errors import Place
from kindlings.files import failure, load, too_much

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FieldPath = tuple[str | int, ...]
"""Where a field stands in a document, for example ("spec", "containers", 0, "image")."""

MAX_DOCUMENTS: Final = 30
MAX_DEPTH: Final = 40
MAX_ALIASES: Final = 50
MAX_NODES: Final = 20_000
_DASH: Final = re.compile(r"\s*- ")


@dataclass(frozen=True)
class Document:
    """One object of a manifest: its `data` as JSON would carry it, and the place of each of its fields."""

    file: str
    data: dict[str, Any]
    places: dict[FieldPath, Place] = field(repr=False)
    swallowed: Mapping[FieldPath, Place] = field(default_factory=dict, repr=False)
    """For an item of a list that goes on in a line with a dash of its own: the place of that line."""

    @property
    def kind(self) -> str:
        """Return the object's kind, or an empty string."""
        return _text(self.data.get("kind"))

    @property
    def name(self) -> str:
        """Return metadata.name, or an empty string."""
        metadata = self.data.get("metadata")
        return _text(metadata.get("name")) if isinstance(metadata, dict) else ""

    @property
    def namespace(self) -> str:
        """Return metadata.namespace, or an empty string."""
        metadata = self.data.get("metadata")
        return _text(metadata.get("namespace")) if isinstance(metadata, dict) else ""

    @property
    def title(self) -> str:
        """Return how a person calls it: "Pod counter"."""
        return f"{self.kind or 'object without a kind'} {self.name}".rstrip()

    def at(self, *path: str | int) -> Place:
        """Return the place of the field at `path`, or of its nearest ancestor that stands in the file."""
        for end in range(len(path), -1, -1):
            found = self.places.get(tuple(path[:end]))
            if found is not None:
                return found
        return Place(self.file)

    def get(self, *path: str | int) -> Any:
        """Return the value at `path`, or None where there is none."""
        value: Any = self.data
        for part in path:
            if isinstance(value, dict) and isinstance(part, str):
                value = value.get(part)
            elif isinstance(value, list) and isinstance(part, int) and part < len(value):
                value = value[part]
            else:
                return None
        return value

    def walk(self) -> Iterator[tuple[FieldPath, Any]]:
        """Yield every field's path and value, in the order of the file."""
        for path in self.places:
            if path:
                yield path, self.get(*path)


@dataclass(frozen=True)
class Manifest:
    """A file that could be read: its name as the learner knows it, and its objects."""

    file: str
    documents: tuple[Document, ...]


def read(path: Path, name: str = "") -> Manifest:
    """Read the manifest at `path`, calling it `name` in every place; by default by the file's own name.

    Raises LabFailure where there is no such file, no YAML, no object, or more of it than a lab can need.
    """
    text, name = load(path, "a manifest with a Kubernetes object"), name or path.name
    try:
        return Manifest(name, tuple(_documents(name, text)))
    except yaml.YAMLError as error:
        raise unreadable.told(name, text, error) from None


class _Loader(yaml.SafeLoader):
    """SafeLoader with the scalars of Kubernetes' YAML."""

    bool_values: ClassVar = yaml.SafeLoader.bool_values | {"y": True, "n": False}


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, regexp)
        for tag, regexp in resolvers
        if not tag.endswith((":timestamp", ":int", ":float", ":value"))
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int",
    re.compile(r"^[-+]?(?:0|[1-9][0-9_]*|0b_*[01][01_]*|0o?_*[0-7][0-7_]*|0x_*[0-9a-fA-F][0-9a-fA-F_]*)$"),
    list("-+0123456789"),
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^[yYnN]$"), list("yYnN"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.nan)$"
    ),
    list("-+0123456789."),
)


def _documents(file: str, text: str) -> Iterator[Document]:
    _check_limits(file, text)
    loader, lines = _Loader(text), text.split("\n")
    found = False
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is None:
                continue
            if isinstance(node, yaml.ScalarNode) and not node.value:
                continue  # only comments between two separators
            found = True
            yield from _flatten(_Builder(file, loader, lines).document(node))
    finally:
        loader.dispose()
    if not found:
        because = f"{file} holds nothing that could be created"
        raise failure(Place(file), "a manifest with a Kubernetes object", "only comments", because=because)


def _check_limits(file: str, text: str) -> None:
    """Go over the parser's events, which cost no more memory than the deepest nesting, before composing."""
    depth = documents = aliases = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
        if depth > MAX_DEPTH:
            raise too_much(file, f"fields nested more than {MAX_DEPTH} deep", _line(event))
        if documents > MAX_DOCUMENTS:
            raise too_much(file, f"more than {MAX_DOCUMENTS} documents", _line(event))
        if aliases > MAX_ALIASES:
            raise too_much(file, f"more than {MAX_ALIASES} aliases", _line(event))


_COLLECTIONS: Final = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}
_SCALARS: Final = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null")}
_MERGE: Final = "tag:yaml.org,2002:merge"


def _no_constructor(node: yaml.Node) -> ConstructorError:
    return ConstructorError(None, None, "could not determine a constructor", node.start_mark)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


class _Builder:
    """Turns one document's nodes into data, noting each field's place and refusing keys that stand twice."""

    def __init__(self, file: str, loader: _Loader, lines: list[str]) -> None:
        self.file = file
        self.lines = lines
        self.loader = loader
        self.places: dict[FieldPath, Place] = {}
        self.swallowed: dict[FieldPath, Place] = {}
        self.nodes = 0
        self.unfolding: set[int] = set()

    def document(self, node: yaml.Node) -> Document:
        place = self._place(node)
        self.places[()] = place
        data = self._value(node, ())
        if not isinstance(data, dict):
            raise failure(
                place,
                "a Kubernetes object: a mapping with apiVersion, kind, metadata and spec",
                f"{_yaml_type(data)} where the object begins",
            )
        return Document(self.file, data, self.places, self.swallowed)

    def _place(self, node: yaml.Node) -> Place:
        mark = node.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1) if mark else Place(self.file)

    def _value(self, node: yaml.Node, path: FieldPath) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or len(path) > MAX_DEPTH or id(node) in self.unfolding:
            raise too_much(self.file, "aliases that unfold without end", self._place(node).line)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if node.tag not in _COLLECTIONS:
            raise _no_constructor(node)
        self.unfolding.add(id(node))
        if isinstance(node, yaml.MappingNode):
            value: Any = self._mapping(node, path)
        else:
            value = [self._item(item, (*path, index)) for index, item in enumerate(node.value)]
        self.unfolding.discard(id(node))
        return value

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        """Return the scalar as JSON has it; a tag that promises what the text is not (!!int x) is refused."""
        if node.tag == _MERGE:  # << is a word where it is no key
            return node.value
        if node.tag not in _SCALARS:
            raise _no_constructor(node)
        try:
            return self.loader.construct_object(node)
        except (ValueError, KeyError):
            raise _no_constructor(node) from None

    def _item(self, node: yaml.Node, path: FieldPath) -> Any:
        place = self.places[path] = self._place(node)
        if isinstance(node, yaml.ScalarNode) and node.style is None and " - " in node.value and node.end_mark:
            # Indented more than its neighbours, a dash is no item: YAML folds its line into the one before.
            further = enumerate(self.lines[place.line : node.end_mark.line + 1], place.line + 1)
            dashes = (Place(self.file, at, one.index("-") + 1) for at, one in further if _DASH.match(one))
            if dash := next(dashes, None):
                self.swallowed[path] = dash
        return self._value(node, path)

    def _mapping(self, node: yaml.MappingNode, path: FieldPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        seen: dict[str, Place] = {}
        for key_node, value_node in node.value:
            place = self._place(key_node)
            if key_node.tag == _MERGE:
                merged |= self._merge(value_node, path)
                continue
            key = self._key(key_node, place)
            if key in seen:
                because = (
                    f"{key} stands twice in the same mapping, and only one of them can be meant ({place})"
                )
                raise failure(
                    place,
                    f"each key once in a mapping ({place.file}:{seen[key].line} has {key} already)",
                    f"{key} again in line {place.line}",
                    because=because,
                )
            seen[key] = self.places[(*path, key)] = place
            result[key] = self._value(value_node, (*path, key))
        return merged | result

    def _merge(self, node: yaml.Node, path: FieldPath) -> dict[str, Any]:
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        result: dict[str, Any] = {}
        for source in sources:
            value = self._value(source, path)
            if isinstance(value, dict):
                result = value | result
        return result

    def _key(self, node: yaml.Node, place: Place) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise failure(place, "a plain word as the key of a field", f"{_node_type(node)} as a key")
        return str(node.value)


def _flatten(document: Document) -> Iterator[Document]:
    """Yield the items of a `kind: List` as documents of their own, at any nesting, else the document."""
    items = document.data.get("items")
    if document.kind != "List" or not isinstance(items, list):
        yield document
        return
    places = _by_item(document.places, len(items))
    swallowed = _by_item(document.swallowed, len(items))
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            raise failure(document.at("items", index), "objects as the items of a List", _yaml_type(item))
        yield from _flatten(Document(document.file, item, places[index], swallowed[index]))


def _by_item(found: Mapping[FieldPath, Place], count: int) -> dict[str | int, dict[FieldPath, Place]]:
    """Return what was found in a List for each of its items; gone over once, as it may have thousands."""
    parts: dict[str | int, dict[FieldPath, Place]] = {index: {} for index in range(count)}
    for path, place in found.items():
        if path[:1] == ("items",) and len(path) > 1:
            parts[path[1]][path[2:]] = place
    return parts


def _yaml_type(value: object) -> str:
    names: dict[type, str] = {dict: "a mapping", list: "a list", str: "a text", bool: "true or false"}
    return "nothing" if value is None else names.get(type(value), "a number")


def _node_type(node: yaml.Node) -> str:
    return "a mapping" if isinstance(node, yaml.MappingNode) else "a list"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
