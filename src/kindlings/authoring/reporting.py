"""What an author reads of a run of mutants, and the file from which the next run goes on."""

from __future__ import annotations

import hashlib
import json
import statistics
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from kindlings import course, results
from kindlings.authoring import free
from kindlings.authoring.judging import Outcome, Verdict
from kindlings.authoring.mutants import FREE
from kindlings.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kindlings.authoring.mutants import Derived, Mutant

SCHEMA: Final = "kindlings/mutants/v1"


@dataclass
class Report:
    """The verdicts on mutants, and what the authors have declared."""

    mutants: Sequence[Mutant]
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    """By the mutant's id."""
    whole: frozenset[str] = frozenset()
    """The modules of which every mutant is judged: there, an entry that covers none is a mistake."""

    @cached_property
    def entries(self) -> list[free.Entry]:
        """Return what is declared free in the modules at hand."""
        return [entry for module in self._modules for entry in free.read(module)]

    @property
    def _modules(self) -> list[str]:
        return list(dict.fromkeys(one.module for one in self.mutants))

    def judged(self, *outcomes: Outcome) -> Iterator[tuple[Mutant, Verdict]]:
        """Yield the mutants with one of these outcomes."""
        for mutant in self.mutants:
            verdict = self.verdicts.get(mutant.id)
            if verdict is not None and verdict.outcome in outcomes:
                yield mutant, verdict

    def reason(self, mutant: Mutant) -> str:
        """Return why a mutant is declared free, or an empty string."""
        return next((entry.reason for entry in self.entries if entry.covers(mutant)), "")

    @property
    def survivors(self) -> list[Mutant]:
        """Return the mutants that no test finds and nobody has declared free."""
        return [one for one, _ in self.judged(Outcome.SURVIVED) if not self.reason(one)]

    @property
    def complaints(self) -> list[str]:
        """Return what is wrong with the entries, a sentence each."""
        found = []
        killed = [one for one, _ in self.judged(Outcome.KILLED)]
        for entry in self.entries:
            name = f"{entry.module}/{FREE}: {entry.pattern}"
            if entry.module in self.whole and not any(map(entry.covers, self.mutants)):
                found.append(f"{name} covers no mutant")
            found += [f"{name} covers {one.id}, which is killed" for one in killed if entry.covers(one)]
        return found

    @property
    def is_well(self) -> bool:
        """Tell whether every mutant is found, or free for a reason that stands."""
        return not self.survivors and not self.complaints and not any(self.judged(Outcome.ERROR))

    def lines(self) -> Iterator[str]:
        """Yield what an author reads: first what is to be done, then the numbers."""
        for mutant, verdict in self.judged(Outcome.ERROR):
            yield f"error     {mutant.id} in {verdict.test}\n{_indented(verdict.message)}"
        for mutant, verdict in self.judged(Outcome.KILLED):
            if not verdict.named:
                yield f"unnamed   {mutant.id} by {verdict.test}\n{_indented(verdict.message)}"
        for mutant in self.survivors:
            yield f"survived  {mutant.id}"
        yield from self.complaints
        for module in self._modules:
            yield self._numbers(module, [one for one in self.mutants if one.module == module])
        if len(self._modules) > 1:
            yield self._numbers("all", self.mutants)

    def _numbers(self, title: str, mutants: Sequence[Mutant]) -> str:
        part = Report(mutants, self.verdicts)
        killed = [verdict for _, verdict in part.judged(Outcome.KILLED)]
        same, errors = len(list(part.judged(Outcome.SAME))), len(list(part.judged(Outcome.ERROR)))
        declared = len(list(part.judged(Outcome.SURVIVED))) - len(part.survivors)
        judged = len(list(part.judged(*Outcome)))
        line = (
            f"{title}: {judged} of {len(mutants)} mutants judged, {_share(len(killed), judged)} killed, "
            f"{_share(same + declared, judged)} free ({same} of them the same object), "
            f"{len(part.survivors)} survived, {errors} errors"
        )
        if killed:
            seconds = sorted(one.seconds for one in killed)
            within = seconds[min(len(seconds) - 1, round(0.95 * len(seconds)))]
            line += (
                f"; {_share(sum(one.named for one in killed), len(killed))} named; verdict after "
                f"{statistics.median(seconds):.1f} s (median), {within:.1f} s (95 %)"
            )
        return line


def _share(part: int, whole: int) -> str:
    return f"{part} ({part / whole:.1%})" if whole else "0"


def _indented(text: str) -> str:
    return "\n".join(f"            {line}" for line in text.splitlines())


# On the disk.


def write(path: Path, report: Report, derived: Derived) -> None:
    """Write all that is known of the mutants. Raises InfrastructureError."""
    judged = [
        {**report.verdicts[one.id].as_json(), "print": fingerprint(one), "free": report.reason(one)}
        for one in report.mutants
        if one.id in report.verdicts
    ]
    data = {"schema": SCHEMA, "equivalent": derived.equivalent, "verdicts": judged}
    results.write(path, json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def read(path: Path, mutants: Sequence[Mutant]) -> dict[str, Verdict]:
    """Return the verdicts of an earlier run that still hold: neither mutant nor lessons have changed.

    Raises UsageError.
    """
    if not path.exists():
        return {}
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        prints = {one.id: fingerprint(one) for one in mutants}
        found = {}
        for one in data["verdicts"]:
            same = prints.get(one["mutant"]) == one.pop("print")
            del one["free"]
            if same and one["outcome"] != Outcome.ERROR:
                found[one["mutant"]] = Verdict(**{**one, "outcome": Outcome(one["outcome"])})
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} holds no verdicts: {error}", "Give another --out.") from None
    else:
        return found


def fingerprint(mutant: Mutant) -> str:
    """Return what changes with the mutant's text and with its module's tests."""
    tests = sorted((course.exercises() / mutant.module).glob("test_*.py"))
    parts = [mutant.text.encode(), *(path.read_bytes() for path in tests)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
