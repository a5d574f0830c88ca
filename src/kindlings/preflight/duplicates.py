"""Objects of one kind and name that stand twice: of the two, only one is in the cluster afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kindlings.preflight.findings import HERE
from kindlings.preflight.templates import doubtful

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from kindlings.manifests import Document
    from kindlings.preflight.findings import Finding


def check(documents: Sequence[Document], alternatives: Collection[str] = ()) -> Iterator[Finding]:
    """Yield the objects whose kind, name and namespace another one has before them.

    Files among `alternatives` are not meant to be applied along with others; within each of them an object
    may stand once.
    """
    seen: dict[tuple[str, str, str, str, str], Document] = {}
    for one in documents:
        if not one.kind or not one.name:
            continue
        group = str(one.get("apiVersion")).rpartition("/")[0]
        alone = one.file if one.file in alternatives else ""
        first = seen.setdefault((alone, group, one.kind, one.namespace, one.name), one)
        if first is not one:
            yield doubtful(
                one,
                ("metadata", "name"),
                f"{one.title}{HERE} stands twice, first at {first.at('metadata', 'name')}",
                "Give one of the two another name, or take it away.",
                rule="duplicate-object",
                why="Applied together, the later one takes the place of the earlier one.",
                also=first,
            )
