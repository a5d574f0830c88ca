"""Templates and the guide: what they tell a machine to run is what the command takes."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from kindlings.cli import commands

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
FILES = sorted(path for path in TEMPLATES.rglob("*") if path.is_file())
TOLD = [*FILES, ROOT / "docs" / "grading.md"]


def lines(path: Path) -> list[list[str]]:
    """Return the `kindlings` lines of a file, in words."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    found = re.findall(r"(?m)^\s*(?:- run: |(?:exec )?timeout [-=\w ]*)?(?:\S*/)?kindlings (\w.*)$", text)
    return [shlex.split(line.split("||")[0].split(" # ")[0]) for line in found]


@pytest.mark.parametrize("path", TOLD, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_line_is_one_that_the_command_takes(path: Path) -> None:
    """Options and their values are parsed as they would be at the prompt."""
    for name, *arguments in lines(path):
        command = commands.commands[name]
        words = [word for word in arguments if word not in {"grades-*", "shards/*"}]
        places = {"SUBMISSION", "SUBMISSIONS/", "students.csv", "/autograder/submission", "/grade/student"}
        given = [str(ROOT) if word in places else word for word in words]
        given += [str(ROOT)] if "--merge" in given else []
        with click.Context(command) as context:
            command.parse_args(context, given)


def test_there_are_such_lines() -> None:
    """The test above looks at something."""
    found = [line for path in TOLD for line in lines(path)]
    assert len([line for line in found if line[0] == "grade"]) >= 9
    assert len([line for line in found if line[0] == "up"]) >= 2


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.yml")), ids=lambda path: path.name)
def test_workflows_can_be_read(path: Path) -> None:
    """As YAML, with steps that each run or use something."""
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    for job in workflow["jobs"].values():
        assert job["steps"]
        assert all("run" in step or "uses" in step for step in job["steps"])


def test_the_reporter_is_given_what_it_reads() -> None:
    """The variable is the runner's id in capitals, the check has the name that the reporter looks for."""
    path = TEMPLATES / "student" / ".github" / "workflows" / "grade.yml"
    job = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]["grade"]
    reporter = job["steps"][-1]
    runner = reporter["with"]["runners"]
    assert job["name"] == "Autograding Tests"
    assert reporter["env"] == {f"{runner.upper()}_RESULTS": f"${{{{ steps.{runner}.outputs.result }}}}"}
    assert any(step.get("id") == runner for step in job["steps"])


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.json")), ids=lambda path: path.name)
def test_settings_can_be_read(path: Path) -> None:
    """As JSON; PrairieLearn allows 600 seconds and no more."""
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found.get("externalGradingOptions", {}).get("timeout", 0) <= 600


def test_no_template_holds_a_solution_or_a_test() -> None:
    """Students read private templates with their history."""
    assert FILES
    assert not [path for path in FILES if path.name.startswith("test_") or "solutions" in path.parts]
