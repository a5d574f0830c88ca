"""How many mutants preflight finds alone is counted, and what it says of solutions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from kindlings import course
from kindlings.authoring import mutants, static
from kindlings.authoring.mutants import Mutant
from kindlings.errors import Place
from kindlings.preflight.findings import HERE, Finding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def finding(line: int, what: str = f"a{HERE}", file: str = "web.yaml") -> Finding:
    """Return a warning about a line."""
    return Finding("warning", what, Place(file, line, 1), "", "")


def mutant(*named: int) -> Mutant:
    """Return a mutant of which one of these lines is to be named."""
    return Mutant("module1", "web.yaml", 8, "value", "x", "", frozenset(named))


@pytest.mark.parametrize(
    ("found", "named", "points"),
    [
        (finding(8), (8,), True),
        (finding(7), (8,), False),
        (finding(7, f"a{HERE}, b (web.yaml:8)"), (8,), True),
        (finding(7, f"a{HERE}, b (my-web.yaml.yaml:8)"), (8,), False),
        (finding(8, file="api.yaml"), (8,), False),
        (finding(3), (), True),
        (finding(3, file="api.yaml"), (), False),
    ],
)
def test_a_warning_points_at_a_mutant_by_its_lines(
    found: Finding,
    named: tuple[int, ...],
    points: bool,  # noqa: FBT001 - a table
) -> None:
    """A warning counts where it stands at the mutant's line, or names it; in its file where any will do."""
    assert static.points_at(found, mutant(*named)) is points


def test_the_goal_is_reached_for_a_file() -> None:
    """Of a solution's mutants most are found, free ones are left out, nothing is said of the solution."""
    taken = mutants.derive(["module2/orphan.yaml"]).mutants
    told: list[str] = []
    found = static.look(taken, told.append)
    assert len(found.seen) + len(found.free) == len(taken) == len(told)
    assert found.is_well
    assert {one.level for one in found.seen} == {"error", "warning", ""}
    lines = list(found.lines())
    assert lines[0].split() == ["module", "mutants", "found", "as", "errors", "as", "warnings"]
    assert lines[1].startswith("module2 ")
    assert lines[-1].startswith(f"{len(found.free)} more are declared free; 0 false alarms on solutions; ")


def test_the_goal_is_reached_for_the_course() -> None:
    """Of a sample of all modules' mutants at least 60 % are found, and nothing is said of any solution."""
    found = static.look(mutants.sample(mutants.derive().mutants, 48, seed=3))
    assert found.complaints == []
    assert found.is_well
    assert {one.mutant.module for one in found.seen} == set(mutants.modules())


def test_too_little_is_not_well() -> None:
    """Below the goal, or with a word against a solution, the count is not well."""
    seen = [static.Seen(mutant(8), level) for level in ("error", "warning", "error", "", "")]
    assert static.Found(seen).is_well
    assert not static.Found(seen[1:]).is_well
    assert not static.Found(seen, false_alarms=["false alarm: x"]).is_well
    refused = static.Found(seen, [static.Seen(mutant(8), "error", "no such field")])
    assert refused.complaints == ["declared free, and refused: module1/web.yaml:8:value:x no such field"]
    assert not refused.is_well


def test_a_word_against_a_solution_is_a_false_alarm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A solution that preflight has something against is told first."""
    monkeypatch.setattr(course, "solutions", lambda: tmp_path)
    folder = tmp_path / "module2"
    folder.mkdir()
    for name in ("orphan.yaml", "replicaset.yaml"):
        text = (course.root() / "solutions" / "module2" / name).read_text()
        (folder / name).write_text(text.replace("name: orphan", "name: orpahn"))
    found = static.look(mutants.derive(["module2/orphan.yaml"]).mutants[:1])
    assert next(found.lines()).startswith("false alarm: module2/orphan.yaml:")
    assert not found.is_well


def test_what_is_not_found_is_listed_and_kept(
    tmp_path: Path, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """--static --list prints the ids of what preflight does not find; --out has each mutant's finding."""
    out = tmp_path / "static.json"
    code, printed, _ = kindlings(
        "author", "mutate", "--static", "--list", "module2/orphan.yaml", "--out", f"{out}"
    )
    assert code == 0
    rows = json.loads(out.read_text())["mutants"]
    assert printed.splitlines() == [one["mutant"] for one in rows if not one["level"]]
    assert all(bool(one["message"]) == bool(one["level"]) for one in rows)
    assert 0 < len(printed.splitlines()) < len(rows)


def test_there_is_nothing_to_resume(kindlings: Callable[..., tuple[int, str, str]]) -> None:
    """--static with --resume is refused with advice."""
    code, _, said = kindlings("author", "mutate", "--static", "--resume", "--out", "x.json")
    assert code == 2
    assert "Leave --resume out" in said
