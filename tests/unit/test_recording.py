"""What a run notes in the learner's folder, and what it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import kubernetes.client
import pytest

from kindlings import course, session
from kindlings.desk import standing
from kindlings.desk.home import Home
from kindlings.desk.journal import Journal, Status
from kindlings.errors import ExitCode
from tests.unit import small_course

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["pytester"]

IMPORTED = (kubernetes.client, session)
"""What the runs below need: pytester forgets what is imported in a run, and these take a second each time."""
OURS = ("-p", "no:pytest-kind", "-p", "no:cacheprovider")
TESTS = """
import pytest
from pathlib import Path
from kindlings.errors import Findings, InfrastructureError, LabFailure

HERE = Path(__file__).parent

class Lab:
    def apply(self, file): self.files = [file]

def test_passes():
    Lab().apply("one.yaml")

def test_fails():
    Lab().apply("two.yaml")
    raise LabFailure(Findings("a count", "silence"))

def test_breaks():
    Lab().apply("one.yaml")
    raise InfrastructureError("The API server is gone.")

def test_skips():
    pytest.skip("not here")

def test_saves_meanwhile():
    Lab().apply("two.yaml")
    HERE.joinpath("two.yaml").write_text("saved while it ran")
"""


@pytest.fixture
def folder(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a course folder with tests of each outcome."""
    monkeypatch.delenv("CI", raising=False)
    small_course.write(pytester.path)
    (pytester.path / "exercises" / "module1" / "test_pods.py").write_text(TESTS)
    # The folder is the course itself, so that none of its tests counts as edited.
    monkeypatch.setattr(course, "root", lambda: pytester.path)
    monkeypatch.setattr(course, "is_packed", lambda: False)
    return pytester.path


def outcomes(folder: Path) -> dict[str, str]:
    """Return what has been noted, by the tests' names."""
    return {
        key.partition("::test_")[2]: verdict.outcome for key, verdict in Journal(Home(folder)).read().items()
    }


def status(folder: Path, name: str) -> Status:
    """Return where a test stands."""
    return next(one.status for one in standing.at(folder).standings if one.exercise.name == name)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "xdist"])
def test_a_run_notes_its_verdicts(folder: Path, pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    """What passed and what failed is noted; what was not judged or skipped is not."""
    pytester.makeconftest("from kindlings import plugin\nplugin.bring_up = lambda config: None\n")
    result = pytester.runpytest_subprocess(*OURS, *workers, "exercises/module1")
    assert result.ret == ExitCode.INFRASTRUCTURE
    assert outcomes(folder) == {"passes": "passed", "fails": "failed", "saves_meanwhile": "passed"}
    assert status(folder, "passes") is Status.DONE


def test_what_was_saved_while_the_test_ran_is_not_done(folder: Path, pytester: pytest.Pytester) -> None:
    """Nobody knows which content was judged, so neither counts."""
    pytester.runpytest_inprocess(*OURS, "exercises/module1", "-k", "meanwhile")
    assert status(folder, "saves_meanwhile") is Status.CHANGED


def test_a_test_file_saved_after_collection_is_not_done(folder: Path, pytester: pytest.Pytester) -> None:
    """The verdict is one of the test as it was, and that is not what is there now."""
    path = folder / "exercises" / "module1" / "test_pods.py"
    path.write_text(
        "from pathlib import Path\ndef test_edits(lab_is_none=None):\n"
        "    path = Path(__file__)\n    path.write_text(path.read_text().replace('is_none', 'is_nil'))\n"
    )
    pytester.runpytest_inprocess(*OURS, "exercises/module1")
    assert status(folder, "edits") is Status.CHANGED


def test_an_unjudged_run_leaves_the_verdict_before(
    folder: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken cluster takes nothing away that was done."""
    path = folder / "exercises" / "module1" / "test_pods.py"
    path.write_text(
        "import os\nfrom kindlings.errors import InfrastructureError\n"
        "def test_it():\n    if 'GONE' in os.environ:\n        raise InfrastructureError('gone')\n"
    )
    pytester.runpytest_inprocess(*OURS, "exercises/module1")
    assert status(folder, "it") is Status.DONE
    monkeypatch.setenv("GONE", "1")
    result = pytester.runpytest_inprocess(*OURS, "exercises/module1")
    assert result.ret == ExitCode.INFRASTRUCTURE
    assert status(folder, "it") is Status.DONE


@pytest.mark.parametrize(
    "arguments",
    [("--solutions",), ("--manifests", "solutions"), ("--kindlings-graded",), ("--collect-only",)],
)
def test_only_a_learners_own_run_is_noted(
    folder: Path, pytester: pytest.Pytester, arguments: tuple[str, ...]
) -> None:
    """Solutions, another's manifests and a graded run leave no trace in the folder."""
    pytester.runpytest_inprocess(*OURS, "exercises/module1", *arguments)
    assert not (folder / ".kindlings").exists()


def test_a_folder_that_is_no_course_gets_no_state(pytester: pytest.Pytester) -> None:
    """Tests that lie in no exercises/moduleN are somebody else's."""
    pytester.makepyfile("def test_it(): pass")
    pytester.runpytest_inprocess(*OURS)
    assert not (pytester.path / ".kindlings").exists()


def test_a_folder_that_cannot_be_written_costs_no_verdict(folder: Path, pytester: pytest.Pytester) -> None:
    """The run ends as it would, and its last lines say that the progress was not noted."""
    (folder / ".kindlings").write_text("a file in the folder's place")
    result = pytester.runpytest_inprocess(*OURS, "exercises/module1", "-k", "passes")
    assert result.ret == ExitCode.OK
    result.stdout.fnmatch_lines(["your progress was not noted: *"])


def test_the_files_of_the_lab_are_noted(
    folder: Path, pytester: pytest.Pytester, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the lab applied counts, also where the test's text does not tell it."""
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    (folder / "exercises" / "module1" / "test_pods.py").write_text(
        "def test_it(lab):\n    for name in ('one',):\n        lab.apply(name + '.yaml')\n"
    )
    result = pytester.runpytest_inprocess(*OURS, "exercises/module1", "--kube-context", "kind-fake")
    assert result.ret == ExitCode.OK, result.stdout.str()
    (verdict,) = Journal(Home(folder)).read().values()
    assert sorted(verdict.files) == ["one.yaml"]
