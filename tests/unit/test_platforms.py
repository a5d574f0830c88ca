"""The templates' scripts, each run as its platform does, with real runs of pytest over a small course."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.installed import install
from tests.unit.test_templates import TEMPLATES
from tests.unit.test_workflows import BROKEN, GOOD, UNTOUCHED, write
from tests.unit.test_writers import RUNNER
from tests.unit.workflow import PROGRAM

if TYPE_CHECKING:
    from pathlib import Path

HALF = ("good", "TODO", "good")


class Container:
    """What a platform starts a script in: kindlings, and folders at the paths that it expects."""

    def __init__(self, folder: Path, site: Path) -> None:
        """Make the container in `folder`, an empty one, with the package that `site` holds."""
        self.root = folder
        for name in ("bin", "opt/kindlings/bin", "tmp", "autograder/results", "grade", "checkout"):
            (folder / name).mkdir(parents=True)
        path = [str(site), *(one for one in sys.path if one.endswith("site-packages"))]
        program = PROGRAM.format(python=sys.executable, path=path)
        for place in ("bin", "opt/kindlings/bin"):
            self.install(f"{place}/kindlings", program)

    def install(self, name: str, text: str) -> None:
        """Put a program into the container."""
        (self.root / name).write_text(text, encoding="utf-8")
        (self.root / name).chmod(0o755)

    def run(self, script: Path, *command: str, **environment: str) -> int:
        """Run a template's script, whose absolute paths are the container's; return its exit code."""
        text = script.read_text(encoding="utf-8")
        for top in ("/autograder/", "/grade/", "/grader/", "/opt/"):
            text = text.replace(f" {top}", f" {self.root}{top}").replace(f"={top}", f"={self.root}{top}")
        placed = self.root / script.name
        self.install(script.name, text.replace("mkdir -p /grade", f"mkdir -p {self.root}/grade"))
        return subprocess.run(
            [*command, str(placed)],
            cwd=self.root / "checkout",
            env={
                **{name: os.environ[name] for name in ("KINDLINGS_STATE_DIR", "KINDLINGS_CACHE_DIR")},
                "PATH": f"{self.root}/bin:/usr/bin:/bin",
                "HOME": str(self.root / "tmp"),
                **environment,
            },
            check=False,
        ).returncode


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Container:
    """Give a container with kindlings, whose course is one small module 2."""
    for name in ("STATE", "CACHE"):
        monkeypatch.setenv(f"KINDLINGS_{name}_DIR", str(tmp_path / name.lower()))
    site = install(tmp_path, monkeypatch, called="module2").parent
    return Container(tmp_path / "container", site)


def read(path: Path) -> dict[str, Any] | None:
    """Return the JSON of a file, None where there is none."""
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


GRADED = pytest.mark.parametrize(
    ("texts", "points"), [(GOOD, 7), (HALF, 1), (UNTOUCHED, 0)], ids=["solved", "half", "untouched"]
)
SECOND_TEST_IS_REQUIRED = "not attempted: The second file is good, that comes first"


def graded(
    container: Container, script: str, handed_in: str, texts: tuple[str, ...]
) -> tuple[int, dict[str, Any] | None]:
    """Run a script over files in `handed_in`; return its exit code and what results/ beside them holds."""
    folder = container.root / handed_in
    write(folder, texts)
    code = container.run(TEMPLATES / script)
    return code, read(folder.parent / "results" / "results.json")


# Gradescope.


def gradescope(container: Container, texts: tuple[str, ...]) -> tuple[int, dict[str, Any] | None]:
    """Run the autograder over uploaded files; return its exit code and results.json."""
    return graded(container, "gradescope/run_autograder", "autograder/submission", texts)


@GRADED
def test_gradescope_has_the_points(container: Container, texts: tuple[str, ...], points: int) -> None:
    """And what the learner reads of each test that they have not passed."""
    code, found = gradescope(container, texts)
    assert code == 0
    assert found is not None
    assert (found["score"], sum(test["max_score"] for test in found["tests"])) == (points, 7)
    assert [bool(test["output"]) for test in found["tests"]] == [
        test["status"] == "failed" for test in found["tests"]
    ]


def test_gradescope_has_no_score_of_a_cluster_that_fails(container: Container) -> None:
    """There is no results.json, so Gradescope says that the autograder failed."""
    assert gradescope(container, BROKEN) == (7, None)


def test_gradescope_has_no_score_of_what_takes_too_long(container: Container) -> None:
    """The script ends before Gradescope's own limit, which would be a zero."""
    text = (TEMPLATES / "gradescope" / "run_autograder").read_text(encoding="utf-8")
    container.install("bin/timeout", '#!/bin/sh\nexec /usr/bin/timeout "$1" "$2" 0.1 sleep 20\n')
    assert "timeout --signal=INT --kill-after=15 570 " in text
    assert gradescope(container, GOOD) == (124, None)


# PrairieLearn.


def prairielearn(container: Container, texts: tuple[str, ...]) -> tuple[int, dict[str, Any] | None]:
    """Run the grader over a student's files; return its exit code and results.json."""
    return graded(container, "prairielearn/run.sh", "grade/student", texts)


@GRADED
def test_prairielearn_has_the_share(container: Container, texts: tuple[str, ...], points: int) -> None:
    """And what the learner reads of each test."""
    code, found = prairielearn(container, texts)
    assert code == 0
    assert found is not None
    assert (found["gradable"], found["score"]) == (True, pytest.approx(points / 7, abs=1e-6))
    assert len(found["tests"]) == 3


def test_prairielearn_does_not_grade_on_a_cluster_that_fails(container: Container) -> None:
    """It says why, and the container ends with 0: else PrairieLearn reads no results."""
    code, found = prairielearn(container, BROKEN)
    assert code == 0
    assert found is not None
    assert found["gradable"] is False
    assert "score" not in found
    assert "costs no attempt" in found["format_errors"][0]


@pytest.mark.parametrize("fault", ["too long", "mistake"])
def test_prairielearn_does_not_grade_without_results(container: Container, fault: str) -> None:
    """A run that leaves none, by the limit of time or by an instructor's mistake, costs no attempt either."""
    if fault == "too long":
        container.install("bin/timeout", '#!/bin/sh\nexec /usr/bin/timeout "$1" "$2" 0.1 sleep 20\n')
    else:
        container.install("bin/kindlings", "#!/bin/sh\nexit 2\n")
    code, found = prairielearn(container, GOOD)
    assert code == 0
    assert found is not None
    assert found["gradable"] is False
    assert "score" not in found
    assert "Tell your instructor" in found["format_errors"][0]


# Classroom 50.


def classroom50(container: Container, texts: tuple[str, ...]) -> tuple[int, dict[str, Any] | None, str]:
    """Run the autograder in a checkout; return its exit code, result.json, and the text of the release."""
    checkout = container.root / "checkout"
    write(checkout / "exercises" / "module2", texts)
    # `python -I -m pip` is the machine's: it must be asked for kindlings, and find nothing to do.
    container.install("bin/python", f'#!/bin/sh\n[ "$3" = pip ] && exit 0\nexec {sys.executable} "$@"\n')
    code = container.run(TEMPLATES / "classroom50" / "autograder.py", sys.executable, "-c", AS_IF, **RUNNER)
    body = checkout / "release-body.md"
    return code, read(checkout / "result.json"), body.read_text(encoding="utf-8") if body.exists() else ""


AS_IF = """
import runpy, sys
sys.executable = "python"
runpy.run_path(sys.argv[1], run_name="__main__")
"""
"""Runs a script as by a Python that is called `python`, the container's."""


@GRADED
def test_classroom50_has_the_points(container: Container, texts: tuple[str, ...], points: int) -> None:
    """And a release in which the learner reads what is wrong; its own would tell which tests failed."""
    code, found, body = classroom50(container, texts)
    assert code == 0
    assert found is not None
    assert (found["score"], found["max-score"], found["owner"]) == (points, 7, "ada")
    assert body.startswith(f"### {points} of 7 points\n")
    assert (SECOND_TEST_IS_REQUIRED in body) is (texts != GOOD)


def test_classroom50_has_no_result_of_a_cluster_that_fails(container: Container) -> None:
    """Its runner takes the exit code for what it is: submitted, error."""
    assert classroom50(container, BROKEN) == (7, None, "")


@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_classroom50_reads_no_result_of_the_checkouts(
    container: Container, kind: str, tmp_path: Path
) -> None:
    """Whatever a learner has put there under its name is gone, and what a link leads to is not touched."""
    forged = container.root / "checkout" / "result.json"
    kept = tmp_path / "kept.json"
    kept.write_text('{"score": 7}', encoding="utf-8")
    if kind == "folder":
        forged.mkdir()
        shutil.copy(kept, forged)
    elif kind == "link":
        forged.symlink_to(kept)
    else:
        shutil.copy(kept, forged)
    code, found, _ = classroom50(container, BROKEN)
    assert (code, found) == (7, None)
    assert not forged.exists()
    assert kept.read_text(encoding="utf-8") == '{"score": 7}'
