"""--kindlings-json: what a run leaves behind, however it ends."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from kindlings import results
from kindlings.errors import ExitCode
from kindlings.results import Outcome, Results
from tests.unit.test_plugin import BREAKS, FAILS, HEAD, IMPORTED, OURS, PASSES

pytest_plugins = ["pytester"]

assert IMPORTED  # pytester forgets what is imported in a run, and these take a second each time

FILE = "kept/results.json"
JSON = (*OURS, "--kindlings-json", FILE)


@pytest.fixture
def course(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Give an empty course with one module."""
    monkeypatch.delenv("CI", raising=False)
    pytester.mkdir("module1")
    return pytester


def kept(course: pytest.Pytester) -> Results:
    """Return what the run left."""
    return results.from_json((course.path / FILE).read_text(encoding="utf-8"))


def run(course: pytest.Pytester, *tests: str, arguments: tuple[str, ...] = JSON) -> pytest.RunResult:
    """Run pytest on a module with these tests."""
    (course.path / "module1" / "test_course.py").write_text(HEAD + "\n".join(tests))
    return course.runpytest_inprocess(*arguments, "module1")


def outcomes(found: Results) -> dict[str, tuple[str, int, int]]:
    """Return outcome, points and maximum of each test by its name."""
    return {one.name: (one.outcome.value, one.points, one.max_points) for one in found.tests}


JUDGED = {
    "test_fails": ("failed", 0, 2),
    "test_breaks": ("error", 0, 4),
    "test_passes": ("passed", 1, 1),
}


def test_every_outcome_is_kept_with_its_message(course: pytest.Pytester) -> None:
    """A failure has the learner's message, an error ours, and a passed test none."""
    run(course, FAILS, BREAKS, PASSES)
    found = kept(course)
    assert outcomes(found) == JUDGED
    messages = {one.name: one.message for one in found.tests}
    assert "  saw       silence" in messages["test_fails"]
    assert "not judged" in messages["test_breaks"]
    assert messages["test_passes"] == ""
    assert (found.graded, bool(found.finished)) == (False, True)
    assert found.tests[0].id == "module1/course/test_fails"
    assert found.versions["pytest"] == pytest.__version__


def test_workers_tell_the_same(course: pytest.Pytester) -> None:
    """With -n 2 the process that reports keeps what its workers found."""
    (course.path / "module1" / "test_course.py").write_text(HEAD + FAILS + BREAKS + PASSES)
    course.makeconftest("from kindlings import plugin\nplugin.bring_up = lambda config: None\n")
    course.runpytest_subprocess(*JSON, "-n", "2", "module1")
    assert outcomes(kept(course)) == JUDGED


def test_collecting_lists_all_tests(course: pytest.Pytester) -> None:
    """--collect-only is how a grader learns what is to be expected."""
    run(course, FAILS, PASSES, arguments=(*JSON, "--collect-only"))
    found = kept(course)
    assert [one.outcome for one in found.tests] == [Outcome.NOT_ATTEMPTED] * 2
    assert (found.graded, found.max_score, found.tests[0].title) == (False, 3, "The counter counts.")


KILLS = '''
def test_kills():
    """Nothing comes after this."""
    import os, signal
    os.kill(os.getpid(), signal.SIGKILL)
'''


def test_a_killed_run_keeps_what_it_had(course: pytest.Pytester) -> None:
    """And says which test was under way, and which were never reached."""
    (course.path / "module1" / "test_course.py").write_text(HEAD + PASSES + KILLS + FAILS)
    command = [sys.executable, "-m", "pytest", *JSON, "module1"]
    ended = subprocess.run(command, cwd=course.path, check=False, capture_output=True)
    assert ended.returncode == -signal.SIGKILL
    found = kept(course)
    assert outcomes(found) == {
        "test_passes": ("passed", 1, 1),
        "test_kills": ("not-attempted", 0, 0),
        "test_fails": ("not-attempted", 0, 2),
    }
    assert [one.id for one in found.running] == ["module1/course/test_kills"]
    assert (found.graded, found.finished) == (False, "")


@pytest.mark.parametrize(
    "body", ["assert 1 == 2", "1 / 0", "pytest.fail('x')", "pytest.skip('x')", "pytest.xfail('x')"]
)
def test_what_is_no_learners_failure_is_an_error(course: pytest.Pytester, body: str) -> None:
    """A mistake in a lesson or in this package is nobody's zero, and a skipped test no passed one."""
    run(course, f"@pytest.mark.points(5)\ndef test_odd():\n    {body}\n")
    assert outcomes(kept(course)) == {"test_odd": ("error", 0, 5)}


def test_a_lesson_that_cannot_be_read_is_trouble(course: pytest.Pytester) -> None:
    """The run is not graded, and says which file it was."""
    run(course, "import nothing_of_the_kind")
    assert "test_course.py cannot be collected" in kept(course).trouble


AFTERWARDS = '''
@pytest.fixture
def ends():
    yield
    raise {error}

@pytest.mark.points(2)
def test_ends(ends):
    """It ends."""
'''


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ('InfrastructureError("gone")', ("passed", 2, 2)),
        ('LabFailure(Findings("a", "b"))', ("failed", 0, 2)),
    ],
)
def test_what_comes_after_a_verdict(
    course: pytest.Pytester, error: str, outcome: tuple[str, int, int]
) -> None:
    """A cluster that fails while it cleans up takes no points away; a learner's failure does."""
    run(course, AFTERWARDS.format(error=error))
    assert outcomes(kept(course)) == {"test_ends": outcome}


def test_a_run_that_cannot_keep_its_results_ends(course: pytest.Pytester) -> None:
    """In one line, with the exit code of infrastructure."""
    (course.path / "kept").write_text("a file where the folder should be")
    result = run(course, PASSES)
    assert result.ret == ExitCode.INFRASTRUCTURE
    result.stdout.fnmatch_lines(["*results.json cannot be written: *"])


# Required tests.


def test_a_failed_required_test_bars_the_later_ones(course: pytest.Pytester) -> None:
    """They are worth what they are worth, are not run, and say which test comes first."""
    required = FAILS.replace("@pytest.mark.points", "@pytest.mark.required\n@pytest.mark.points")
    result = run(course, PASSES, required, PASSES.replace("test_passes", "test_later"))
    found = kept(course)
    assert outcomes(found) == {
        "test_passes": ("passed", 1, 1),
        "test_fails": ("failed", 0, 2),
        "test_later": ("not-attempted", 0, 1),
    }
    assert found.tests[2].message == "not attempted: The counter counts, that comes first"
    assert found.graded
    result.stdout.fnmatch_lines(["1 of 4 points"])


def test_a_required_test_that_was_not_judged_bars_nothing(course: pytest.Pytester) -> None:
    """A broken cluster is no learner's failure here, either; nor does a required test that passes."""
    required = "@pytest.mark.required\n"
    run(course, required + BREAKS.lstrip(), required + PASSES.lstrip(), FAILS)
    assert outcomes(kept(course)) == JUDGED


def test_another_files_tests_are_not_barred(course: pytest.Pytester) -> None:
    """A required test speaks for its own file."""
    (course.path / "module1" / "test_other.py").write_text(HEAD + PASSES)
    run(course, "@pytest.mark.required" + FAILS)
    assert outcomes(kept(course))["test_passes"] == ("passed", 1, 1)
