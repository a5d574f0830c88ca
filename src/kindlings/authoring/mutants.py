"""Derives from each solution the files that are wrong in one place: the mutants of the course."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from kindlings import course
from kindlings.authoring import edits, lines, spots
from kindlings.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

FREE = "free-mutants.yaml"
"""Beside a module's solutions: which of its mutants need not be found, and why."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Mutant:
    """A solution's file that is wrong in one place."""

    module: str
    file: str
    line: int
    """Where it was edited, in the solution's text."""
    operator: str
    detail: str
    text: str = field(repr=False)
    named: frozenset[int] = field(repr=False)
    """The lines of which a message should name one; none where it is enough to name the file."""

    @property
    def id(self) -> str:
        """Return what tells it from all others, in the same words each time it is derived."""
        return f"{self.module}/{self.file}:{self.line}:{self.operator}:{self.detail}"


@dataclass
class Derived:
    """The mutants of some files, in the order of modules, files and lines."""

    mutants: list[Mutant] = field(default_factory=list)
    equivalent: dict[str, str] = field(default_factory=dict)
    """The edits that make no mutant, by id: why each says what the solution or another mutant says."""


def modules() -> list[str]:
    """Return the names of the modules that have solutions."""
    return sorted(path.name for path in course.solutions().glob("module*") if path.is_dir())


def files(module: str) -> list[Path]:
    """Return the solution's files of a module, by name."""
    found = [*(course.solutions() / module).glob("*.yaml"), *(course.solutions() / module).glob("*.sh")]
    return sorted(path for path in found if path.name != FREE)


def derive(chosen: Sequence[str] = ()) -> Derived:
    """Return the mutants of all modules, or of those that are chosen: module1, module1/dok-app.yaml, an id.

    Raises UsageError where nothing is of that name.
    """
    found = Derived()
    for module in modules():
        wanted = [one for one in chosen if one == module or one.startswith(f"{module}/")]
        if chosen and not wanted:
            continue
        for path in files(module):
            name = f"{module}/{path.name}"
            if not chosen or any(one == module or name in one or one in name for one in wanted):
                _derive(module, path, found)
    if not chosen:
        return found
    kept = [one for one in found.mutants if any(_chosen(one, name) for name in chosen)]
    if missing := [name for name in chosen if not any(_chosen(one, name) for one in kept)]:
        raise UsageError(
            f"No mutant is of {missing[0]}.",
            f"The modules are {', '.join(modules())}; or name a file, an id.",
        )
    return Derived(kept, found.equivalent)


def _chosen(mutant: Mutant, name: str) -> bool:
    return name in {mutant.module, f"{mutant.module}/{mutant.file}", mutant.id}


def sample(mutants: Iterable[Mutant], number: int, seed: int) -> list[Mutant]:
    """Return `number` of the mutants, of each module as many, the same ones for the same seed."""
    by_module: dict[str, list[Mutant]] = {}
    for one in mutants:
        by_module.setdefault(one.module, []).append(one)
    chance = random.Random(seed)  # noqa: S311 - a choice that must come out the same each time
    for group in by_module.values():
        chance.shuffle(group)
    taken: list[Mutant] = []
    while len(taken) < number and any(by_module.values()):
        taken += [group.pop() for group in by_module.values() if group]
    kept = {one.id for one in taken[:number]}
    return [one for one in taken if one.id in kept]


def _derive(module: str, path: Path, found: Derived) -> None:
    """Add a file's mutants, leaving out those that say what the solution or another mutant says."""
    if path.suffix == ".sh":
        text = path.read_text(encoding="utf-8")
        every: Iterable[edits.Edit] = lines.of(text)
    else:
        source = spots.read(path)
        text, every = source.text, edits.of(source)
    seen = {_meaning(path, text): ""}
    for edit in sorted(every, key=lambda one: one.line):
        new = edit.apply(text)
        mutant = Mutant(module, path.name, edit.line, edit.operator, edit.detail, new, edit.named)
        meaning = _meaning(path, new)
        if meaning in seen:
            other = seen[meaning]
            found.equivalent[mutant.id] = f"the same as {other}" if other else "the same objects"
            continue
        seen[meaning] = mutant.id
        found.mutants.append(mutant)


def _meaning(path: Path, text: str) -> str:
    """Return what a file says, without how it says it; the text itself where it cannot be read."""
    if path.suffix == ".sh":
        return "\n".join(line for line in text.splitlines() if line and not line.startswith("#"))
    try:
        nodes = list(yaml.compose_all(text, Loader=_Loader))
    except yaml.YAMLError:
        return text
    return repr([_tree(node) for node in nodes if node is not None])


def _tree(node: yaml.Node) -> Any:
    """Return a node as tags and values; keys in an order of their own, each as often as it stands there."""
    if isinstance(node, yaml.MappingNode):
        return sorted((str(key.value), repr(_tree(value))) for key, value in node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_tree(item) for item in node.value]
    return (node.tag, node.value)
