"""What the author's commands say of a module, and the skeleton of a new lab."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from kindlings import course
from kindlings.authoring import answers, checking, regenerating, running, skeleton, trying
from kindlings.console import PlainProgress
from kindlings.desk import syllabus
from kindlings.errors import ExitCode, Findings, InfrastructureError, UsageError
from kindlings.results import Outcome, Results, TestResult
from kindlings.writers import message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

LESSON = "exercises/module8/README.md"
TEST = "exercises/module8/test_first_pod.py"
EXERCISE = "exercises/module8/first-pod.yaml"
SOLUTION = "solutions/module8/first-pod.yaml"
ANSWER = "tests/wrong_answers/module8/one/message.txt"
MESSAGE = "module8 · Well: what must be observed, in the learner's words\n"
PAGE = "https://kubernetes.io/docs/concepts/"


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty checkout, with a lab whose skeleton has been filled."""
    monkeypatch.setattr(course, "root", lambda: tmp_path)
    monkeypatch.setattr(course, "is_packed", lambda: False)
    monkeypatch.chdir(tmp_path)
    for path in skeleton.write("module8", "first-pod"):
        text = path.read_text().replace("FILL: what it is about", "Things").replace("FILL: ", "Well: ")
        path.write_text(text)
    for name in ("one", "two", "three"):
        answer = tmp_path / "tests" / "wrong_answers" / "module8" / name
        answer.mkdir(parents=True)
        (answer / "first-pod.yaml").write_text("kind: Pod\n")
        (answer / "message.txt").write_text(MESSAGE)
    return tmp_path


def complaints(module: str = "module8") -> list[str]:
    """Return what is wrong with a module."""
    return list(checking.check(module))


def test_a_filled_skeleton_passes_its_own_check(source: Path) -> None:
    """Nothing is to mend when what stands for FILL is written; and the exercise is what the solution says."""
    assert complaints() == []
    assert regenerating.regenerate("module8", write=True) == []
    exercise = (source / "exercises" / "module8" / "first-pod.yaml").read_text()
    assert "      image: busybox\n" in exercise
    assert "SOLUTION" not in exercise


def test_a_skeleton_that_is_not_filled_does_not(source: Path) -> None:
    """Every FILL is named; a second lab of a module gets a section of its lesson."""
    skeleton.write("module8", "second-pod")
    found = complaints()
    assert "module8/README.md has a FILL left: write what stands for it" in found
    assert any(
        one.startswith("module8/test_second_pod.py, test_second_pod_becomes_ready: a FILL") for one in found
    )
    assert "solutions/module8/second-pod.yaml has a FILL left: solve it" in found
    assert any("has 0 wrong answers to second-pod.yaml" in one for one in found)
    lesson = (source / "exercises" / "module8" / "README.md").read_text()
    assert lesson.count("# Module 8: Things") == 1
    assert lesson.index("`first-pod.yaml`") < lesson.index("`second-pod.yaml`")


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (LESSON, "# Module 8: ", "# ", "does not begin with `# Module 8: TITLE`"),
        (LESSON, "`first-pod.yaml`", "it", "does not name `first-pod.yaml`"),
        (LESSON, "https://", "http://", "use https"),
        (
            LESSON,
            PAGE,
            "https:// x",
            "without spaces",
        ),
        (LESSON, PAGE, "../none.md", "no such file"),
        (LESSON, PAGE, "", "links to nothing"),
        (LESSON, "https://kubernetes.io/docs", "https://docs", "it names no host"),
        (LESSON, "https://kubernetes.io", "ftp://kubernetes.io", "ftp is no link"),
        (TEST, "points(1)", "points(0)", "it is worth nothing"),
        (TEST, "pytest.mark.hint", "pytest.mark.hints", "it has no hint"),
        (TEST, '    """Well: what', '    x = """Well: what', "no docstring"),
        (
            TEST,
            "first-pod.yaml",
            "other.yaml",
            "which module8 does not have",
        ),
        (TEST, "first-pod.yaml", "other.yaml", "is taken by no test"),
        (TEST, '"first-pod.yaml"', "*()", "it takes no file"),
        (TEST, "def test_", "def test_(", "cannot be read"),
        (TEST, "def test_", "def check_", "module8 has no test"),
        (EXERCISE, "TODO:", "todo", "has no TODO: say what the learner is to do"),
        (EXERCISE, "WHY:", "why", "has no WHY: say why it matters"),
        (
            EXERCISE,
            "image: busybox",
            "image: busybox:1.36",
            "what its solution says",
        ),
        (EXERCISE, "Well", "Now", "run `kindlings author regenerate module8`"),
        (SOLUTION, "# Well: why", "# TODO: why", "has a TODO left: solve it"),
        (SOLUTION, "busybox:1.36", "nginx:1", "uses nginx:1, which no node has"),
        (ANSWER, "Well", "Now", "one/message.txt is about no test of module8: begin it with"),
        (SOLUTION, "# END SOLUTION", "#", "begins a solution that has no end"),
    ],
)
def test_what_is_missing_is_said(source: Path, file: str, old: str, new: str, said: str) -> None:
    """Each complaint names the file and what to do; nothing else of it is a foreseeable traceback."""
    path = source / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    found = []
    try:
        found = complaints()
    except UsageError as error:
        found = [str(error)]
    assert any(said in one for one in found), found


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (LESSON, "module8/README.md is missing: write the lesson"),
        (
            SOLUTION,
            "solutions/module8/first-pod.yaml is missing: solve the exercise",
        ),
        (
            EXERCISE,
            "solutions/module8/first-pod.yaml solves no exercise: remove it",
        ),
        (
            ANSWER,
            "has 2 wrong answers to first-pod.yaml: 3 are wanted",
        ),
    ],
)
def test_a_missing_file_is_said(source: Path, file: str, said: str) -> None:
    """The complaint names it."""
    (source / file).unlink()
    assert any(said in one for one in complaints())


@pytest.mark.parametrize(
    ("module", "lab"), [("modul8", "x"), ("module8", "../x"), ("module8", "X"), ("module8", "")]
)
def test_a_name_that_cannot_be_one_is_refused(source: Path, module: str, lab: str) -> None:
    """Names become files and Pods."""
    assert source.is_dir()
    with pytest.raises(UsageError, match="cannot be a lab's name"):
        skeleton.write(module, lab)


def test_a_lab_is_not_written_over(source: Path) -> None:
    """A second one of the name is refused."""
    before = (source / "exercises" / "module8" / "README.md").read_text()
    with pytest.raises(UsageError, match=r"solutions/module8/first-pod\.yaml is there already"):
        skeleton.write("module8", "first-pod")
    assert (source / "exercises" / "module8" / "README.md").read_text() == before


def test_the_course_lacks_nothing_but_wrong_answers() -> None:
    """Every module of the course passes the check, but for files with fewer than three wrong answers."""
    if course.is_packed():
        pytest.skip("the wheel carries no wrong answers to count")
    found = [one for module in regenerating.modules(()) for one in checking.check(module)]
    assert [one for one in found if " wrong answers to " not in one] == []


# The commands.


def test_the_commands(source: Path, kindlings: Callable[..., tuple[int, str, str]]) -> None:
    """check, new, regenerate and mark say what they found or did; what is to mend ends with 1."""
    assert kindlings("author", "check") == (ExitCode.OK, "module8: nothing to mend.\n", "")
    code, out, _ = kindlings("author", "new", "module8", "second")
    assert (code, out.splitlines()[0]) == (ExitCode.OK, "solutions/module8/second.yaml")
    code, out, _ = kindlings("author", "check", "module8")
    assert (code, out.splitlines()[-1].endswith(" to mend.")) == (ExitCode.FAILED, True)

    (source / "exercises" / "module8" / "second.yaml").write_text("old")
    assert kindlings("author", "regenerate", "--offline", "--check") == (
        ExitCode.FAILED,
        "exercises/module8/second.yaml: is not what its solution says\n",
        "",
    )
    assert kindlings("author", "regenerate", "--offline")[1] == "exercises/module8/second.yaml: written\n"
    assert kindlings("author", "regenerate", "--offline")[1] == "Every exercise is what its solution says.\n"
    assert (
        kindlings("author", "mark", "module8/second.yaml")[1]
        == "solutions/module8/second.yaml has marks already.\n"
    )
    assert kindlings("author", "check", "module9")[0] == ExitCode.USAGE


def failure(saw: str, because: str = "", hint: str = "") -> str:
    """Return the message of a failed test."""
    about = message.Heading("module8", "first-pod.yaml", "It.")
    return message.failure(about, Findings("ready", saw, because, hint=hint))


SAID = failure("Pending", hint="Look.")


@pytest.fixture
def tried(source: Path, monkeypatch: pytest.MonkeyPatch) -> Tried:
    """Give what a cluster finds of that checkout."""
    made = Tried(source)
    monkeypatch.setattr(trying, "run", made.run)
    monkeypatch.setattr(running, "connect", made.connect)
    monkeypatch.setattr(answers, "read", made.read)
    return made


class Tried:
    """Stands for the cluster: how solutions and exercises end, and what learners of wrong answers read."""

    def __init__(self, source: Path) -> None:
        """Begin with a course in order."""
        (test,) = syllabus.tests(source / "exercises" / "module8")
        self.solution = TestResult("module8", "first", test.test, "It.", 1, 1, Outcome.PASSED)
        self.exercise = replace(self.solution, points=0, outcome=Outcome.FAILED, message=SAID)
        self.answers = dict.fromkeys(("one", "two", "three"), MESSAGE)
        self.ended: list[str] = []

    def run(self, modules: Sequence[str], *arguments: str) -> Results:
        """Return the results of one of the two runs."""
        assert modules == ["module8"]
        if arguments == ("--solutions",):
            return Results("r", "t", tests=(self.solution,))
        assert arguments == ("--manifests", str(course.exercises()))
        return Results("r", "t", tests=(self.exercise,))

    def connect(self, run: str) -> Tried.Session:
        """Give a session."""
        return Tried.Session(run, self.ended)

    def read(self, folder: Path, session: Tried.Session) -> str:
        """Return what its learner reads."""
        assert session.run not in self.ended
        if self.answers[folder.name] == "trouble":
            raise InfrastructureError("No API server.")
        return self.answers[folder.name]

    @dataclass(frozen=True)
    class Session:
        """A session, which notes its end."""

        run: str
        ended: list[str]

        def end(self, *, keep: bool) -> None:
            """Note it."""
            assert not keep
            self.ended.append(self.run)

    def complaints(self) -> list[str]:
        """Return what is said; every session has been ended."""
        found = list(trying.complaints(["module8"], PlainProgress(io.StringIO())))
        assert len(self.ended) == 3
        return found


def test_a_course_in_order_gives_no_complaint_on_the_cluster(tried: Tried) -> None:
    """The solution passes, the exercise fails with its message, each wrong answer with its own."""
    assert tried.complaints() == []


TEST_ID = "module8/first/test_first_pod_becomes_ready"


@pytest.mark.parametrize(
    ("outcome", "said", "complaint"),
    [
        (
            Outcome.FAILED,
            failure("Pending", "no room"),
            "its solution fails (Pending, because no room): mend it or the test; all that is said of it: "
            "`pytest exercises/module8 --solutions -k test_first_pod_becomes_ready`",
        ),
        (Outcome.FAILED, "Traceback\nTypeError: no\n", "its solution fails (TypeError: no): mend it or"),
        (
            Outcome.ERROR,
            message.infrastructure(
                message.Heading("module8", "", "It."), InfrastructureError("It is down.", "Do it.")
            ),
            "its solution was not judged (It is down.): Do it.",
        ),
        (
            Outcome.NOT_APPLICABLE,
            "this cluster lacks node-port",
            "its solution was not judged (this cluster lacks node-port): run this again",
        ),
    ],
)
def test_a_solution_that_does_not_pass(tried: Tried, outcome: Outcome, said: str, complaint: str) -> None:
    """The complaint says why, and what to do about it."""
    tried.solution = replace(tried.solution, outcome=outcome, message=said)
    (found,) = tried.complaints()
    assert found.startswith(f"{TEST_ID}: {complaint}")


@pytest.mark.parametrize(
    ("outcome", "said", "complaint"),
    [
        (Outcome.PASSED, "", "the untouched exercise passes: take away what it should ask for"),
        (Outcome.ERROR, "It is down.", "the untouched exercise was not judged (It is down.): run this again"),
        (
            Outcome.FAILED,
            "E  AssertionError: no",
            "the untouched exercise fails and does not say what was expected or saw or hint "
            "(E  AssertionError: no): let the test wait for a condition of kindlings'",
        ),
    ],
)
def test_an_exercise_that_does_not_fail_by_assertion(
    tried: Tried, outcome: Outcome, said: str, complaint: str
) -> None:
    """A test that passes, is not judged, or ends by anything but a learner's message is a complaint."""
    tried.exercise = replace(tried.exercise, outcome=outcome, message=said)
    assert tried.complaints() == [f"{TEST_ID}: {complaint}"]


def test_points_that_do_not_add_up(tried: Tried) -> None:
    """What a run gives is what the learner's list counts."""
    tried.solution = replace(tried.solution, max_points=3)
    assert tried.complaints() == [
        f"{TEST_ID}: a run gives it 3 points, `kindlings list` 1: mark it points(N), with N a number"
    ]


def test_wrong_answers_that_do_not_fail_with_their_messages(tried: Tried) -> None:
    """One that passes, one that reads otherwise, and one that was not judged, each with what to do."""
    tried.answers |= {"one": "", "two": "module8 · other\n", "three": "trouble"}
    one, two, three = sorted(tried.complaints())
    assert one == (
        "tests/wrong_answers/module8/one: it passes: make it wrong, or let a test find what is wrong with it"
    )
    assert two == "tests/wrong_answers/module8/three: not judged (No API server.): run this again"
    first, *difference = three.splitlines()
    assert first.startswith("tests/wrong_answers/module8/two: its learner reads something else")
    assert "`pytest tests/cluster/test_wrong_answers.py -k module8-two --record`" in first
    assert "  + module8 · other" in difference


def test_a_run_without_results_is_our_trouble(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pytest could not even begin, its exit code is said."""
    assert source.is_dir()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(InfrastructureError, match="pytest ended with 1 and gave no results"):
        list(trying.complaints(["module8"], PlainProgress(io.StringIO())))
