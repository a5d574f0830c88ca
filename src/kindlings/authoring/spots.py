"""Where each field of a YAML file stands in its text, so that it can be edited there and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from kindlings import manifests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kindlings.manifests import Document, FieldPath


@dataclass(frozen=True)
class Spot:
    """A field, or an item of a list. Offsets count the text's characters from 0, lines from 1."""

    document: int
    """The number of its document, from 0."""
    path: FieldPath
    value: Any
    """As manifests.read has it."""
    line: int
    start: int
    """Where its key begins, or the item itself (behind the dash)."""
    begin: int
    """Where its value begins."""
    end: int
    """Behind the last sign of its value."""
    next: int | None
    """Where the next field or item beside it begins."""
    previous: int | None
    """Where the one before it ends."""
    flow: bool
    """Whether it stands within brackets or braces."""
    style: str
    """A scalar's style: "" for plain, quotes, | or >."""

    @property
    def name(self) -> str:
        """Return its path with dots: spec.containers.0.image."""
        return ".".join(map(str, self.path))

    @property
    def is_item(self) -> bool:
        """Tell whether it is an item of a list."""
        return isinstance(self.path[-1], int)

    @property
    def is_leaf(self) -> bool:
        """Tell whether it holds one word, number or text."""
        return not isinstance(self.value, (dict, list))


@dataclass(frozen=True)
class Source:
    """A file's text, its documents, the spots of them, and where each document begins and ends."""

    text: str
    documents: tuple[Document, ...]
    spots: tuple[Spot, ...]
    extents: tuple[tuple[int, int], ...]

    def line(self, offset: int) -> int:
        """Return the number of the line in which `offset` stands."""
        return self.text.count("\n", 0, offset) + 1

    def line_start(self, offset: int) -> int:
        """Return where the line of `offset` begins."""
        return self.text.rfind("\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Return where the line of `offset` ends, behind its newline."""
        found = self.text.find("\n", offset)
        return len(self.text) if found < 0 else found + 1


def read(path: Path) -> Source:
    """Read a manifest, or a file of answers. Raises LabFailure where it cannot be read."""
    documents = manifests.read(path).documents
    text = path.read_text(encoding="utf-8")
    nodes = [node for node in yaml.compose_all(text, Loader=yaml.SafeLoader) if node.start_mark is not None]
    found: list[Spot] = []
    extents = []
    for number, (node, document) in enumerate(zip(nodes, documents, strict=True)):
        found += _walk(text, number, (), node, document)
        extents.append((node.start_mark.index, _end(text, node)))
    return Source(text, documents, tuple(found), tuple(extents))


_BLOCK_STYLES: Final = frozenset("|>")


def _walk(text: str, number: int, path: FieldPath, node: yaml.Node, document: Document) -> Iterator[Spot]:
    """Yield the spots below `node`, in the order of the text."""
    below: list[tuple[str | int, yaml.Mark, yaml.Node]]
    if isinstance(node, yaml.MappingNode):
        below = [(str(key.value), key.start_mark, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        below = [(index, item.start_mark, item) for index, item in enumerate(node.value)]
    else:
        return
    for index, (part, mark, value) in enumerate(below):
        here = (*path, part)
        yield Spot(
            document=number,
            path=here,
            value=document.get(*here),
            line=mark.line + 1,
            start=mark.index,
            begin=value.start_mark.index,
            end=_end(text, value),
            next=below[index + 1][1].index if index + 1 < len(below) else None,
            previous=_end(text, below[index - 1][2]) if index else None,
            flow=bool(node.flow_style),
            style=(value.style or "") if isinstance(value, yaml.ScalarNode) else "",
        )
        yield from _walk(text, number, here, value, document)


def _end(text: str, node: yaml.Node) -> int:
    """Return where a node's value ends; a block's own mark stands behind the comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    end = int(node.end_mark.index)
    if isinstance(node, yaml.ScalarNode) and node.style in _BLOCK_STYLES:
        return len(text[:end].rstrip())
    return end
