"""`kindlings author mutate --static`: how many mutants preflight finds alone, without a cluster."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kindlings import course, results
from kindlings.authoring import free, mutants
from kindlings.desk import foreseen, syllabus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from kindlings.authoring.mutants import Mutant
    from kindlings.desk.syllabus import Exercise
    from kindlings.preflight.findings import Finding

SCHEMA: Final = "kindlings/static-mutants/v1"
GOAL: Final = 0.6
"""The share of the mutants that preflight is to find."""


@dataclass(frozen=True)
class Seen:
    """What preflight says of one mutant: level and message of what finds it, empty where nothing does."""

    mutant: Mutant
    level: str = ""
    message: str = ""


@dataclass
class Found:
    """What preflight says of mutants, and of the solutions that they come from."""

    seen: list[Seen] = field(default_factory=list)
    """In the order of the mutants, without those that are declared free."""
    free: list[Seen] = field(default_factory=list)
    """Those that are declared free."""
    false_alarms: list[str] = field(default_factory=list)
    """What is said of a solution, which has nothing wrong."""
    seconds: float = 0.0

    @property
    def unseen(self) -> list[Mutant]:
        """Return the mutants that preflight does not find."""
        return [one.mutant for one in self.seen if not one.level]

    @property
    def complaints(self) -> list[str]:
        """Return what an author has to mend: words against solutions, and free mutants that are none."""
        refused = [one for one in self.free if one.level == "error"]
        return [
            *self.false_alarms,
            *(f"declared free, and refused: {one.mutant.id} {one.message}" for one in refused),
        ]

    @property
    def is_well(self) -> bool:
        """Tell whether as many are found as the goal says, and there is nothing to mend."""
        return not self.complaints and len(self.unseen) <= (1 - GOAL) * len(self.seen)

    def lines(self) -> Iterator[str]:
        """Yield what an author reads: what is to be mended, then the shares by module and by kind of edit."""
        yield from self.complaints
        groups: list[tuple[str, Callable[[Mutant], str]]] = [
            ("module", lambda one: one.module),
            ("edit", lambda one: one.operator),
        ]
        for title, key in groups:
            yield f"{title:<16} mutants  found     as errors  as warnings"
            for name in sorted({key(one.mutant) for one in self.seen}):
                yield _row(name, [one for one in self.seen if key(one.mutant) == name])
        yield _row("all", self.seen)
        yield (
            f"{len(self.free)} more are declared free; {len(self.false_alarms)} false alarms on solutions; "
            f"{self.seconds:.0f} s"
        )


def _row(name: str, seen: Sequence[Seen]) -> str:
    levels = Counter(one.level for one in seen)
    found = len(seen) - levels[""]
    share = f"{found / len(seen):.1%}" if seen else ""
    return f"{name:<16} {len(seen):>7}  {share:<8}  {levels['error']:>9}  {levels['warning']:>11}"


def look(taken: Iterable[Mutant], advance: Callable[[str], object] = str) -> Found:
    """Return what preflight says of the mutants `taken`; `advance` is told of each as it is done."""
    began, found = time.monotonic(), Found()
    entries: dict[str, list[free.Entry]] = {}
    with tempfile.TemporaryDirectory(prefix="kindlings-") as place:
        for mutant in taken:
            folder = Path(place) / mutant.module
            if mutant.module not in entries:
                entries[mutant.module] = free.read(mutant.module)
                found.false_alarms += _prepare(folder)
            is_free = any(entry.covers(mutant) for entry in entries[mutant.module])
            (found.free if is_free else found.seen).append(_look(mutant, folder))
            advance(mutant.id)
    found.seconds = time.monotonic() - began
    return found


def _prepare(folder: Path) -> list[str]:
    """Copy a module's solutions into the folder, and return what preflight has against them."""
    folder.mkdir()
    for path in mutants.files(folder.name):
        shutil.copy(path, folder)
    read = cache(foreseen.manifest)
    said = {one for lesson in _lessons(folder.name) for one in foreseen.of(lesson, folder, read)}
    return [f"false alarm: {folder.name}/{one.place} {one.message}" for one in said]


@cache
def _lessons(module: str) -> tuple[Exercise, ...]:
    return tuple(syllabus.tests(course.exercises() / module))


def _look(mutant: Mutant, folder: Path) -> Seen:
    """Look at the mutant in every lesson that takes its file, until an error is found."""
    path = folder / mutant.file
    solved = path.read_bytes()
    path.write_text(mutant.text, encoding="utf-8")
    seen, read = Seen(mutant), cache(foreseen.manifest)
    try:
        for lesson in _lessons(mutant.module):
            for one in foreseen.of(lesson, folder, read) if mutant.file in lesson.files else ():
                if one.level == "error":
                    return Seen(mutant, "error", one.because)
                if points_at(one, mutant):
                    seen = Seen(mutant, "warning", one.because)
    finally:
        path.write_bytes(solved)
    return seen


def points_at(finding: Finding, mutant: Mutant) -> bool:
    """Tell whether a finding has the mutant's line among the places that it names."""
    named = rf"\b{re.escape(mutant.file)}:(\d+)"
    lines = {int(line) for line in re.findall(named, finding.because)}
    lines |= {finding.place.line} if finding.place.file == mutant.file else set()
    return bool(lines & mutant.named) if mutant.named else bool(lines)


def write(path: Path, found: Found) -> None:
    """Write what is known of each mutant as JSON. Raises InfrastructureError."""
    rows: list[dict[str, Any]] = [
        {"mutant": one.mutant.id, "level": one.level, "message": one.message} for one in found.seen
    ]
    data = {"schema": SCHEMA, "mutants": rows}
    results.write(path, json.dumps(data, indent=1, ensure_ascii=False) + "\n")
