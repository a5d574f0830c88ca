"""What `kindlings watch` does with what is saved, pressed and judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import pytest

from kindlings import course as real
from kindlings.desk.watch import bench, findings
from kindlings.desk.watch.watching import Pressed, Remark, Saved
from kindlings.errors import InfrastructureError
from kindlings.writers import message
from tests.unit import small_course
from tests.unit.fake_watch import FakeBench

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kindlings.desk.watch.screen import View
    from tests.unit.small_course import SmallCourse

FAILURE = """\
module1 · one.yaml · Applying one.yaml gives a Pod
  expected  a Pod
  saw       no
            Pod
  hint      x"""


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallCourse:
    """Give a learner's folder."""
    return small_course.make(tmp_path, monkeypatch)


@pytest.fixture
def watched(course: SmallCourse, monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeBench]:
    """Give what runs a watch through some steps; `q` follows them."""

    def run(*steps: Callable[[FakeBench], None], **how: Any) -> FakeBench:
        made = FakeBench(course, steps, **how)
        monkeypatch.setattr(bench, "start", made.start)
        made.watch.loop()
        return made

    return run


def verdict(test: str, outcome: str, message: str = "") -> dict[str, Any]:
    """Return a run's word on a test."""
    node = f"exercises/module1/test_pods.py::{test}"
    return {"event": "verdict", "test": node, "outcome": outcome, "message": message}


def ended(code: int) -> dict[str, Any]:
    """Return a run's last word."""
    return {"event": "ended", "code": code}


def later(key: str) -> Callable[[FakeBench], None]:
    """Return the press of a key."""
    return lambda made: made.watch.put(Pressed(key))


# What is judged.


def test_it_begins_with_the_next_lab(watched: Callable[..., FakeBench]) -> None:
    """What comes next is said, and the labs of its file are judged as they are."""
    made = watched()
    assert "edit      exercises/module1/one.yaml" in made.text
    assert made.ordered == [["test_it_runs", "test_it_stays"]]


def test_it_begins_with_nothing_where_all_is_done(
    course: SmallCourse, watched: Callable[..., FakeBench]
) -> None:
    """A module that is done is not judged again by itself; the next one is named."""
    for test in ("test_it_runs", "test_it_stays", "test_it_scales"):
        course.note(test)
    made = watched()
    assert made.ordered == []
    assert "All of module1 is done. What comes next is in module2: `kindlings watch module2`." in made.said


def test_a_save_runs_the_labs_of_that_file(watched: Callable[..., FakeBench]) -> None:
    """A file's own labs, in the order of the lesson; a test file's, all of it; any other file, none."""
    made = watched(
        lambda made: made.saved("scale.sh"),
        lambda made: made.saved("notes.yaml"),
        lambda made: made.saved("test_pods.py"),
    )
    assert made.ordered[1:] == [["test_it_scales"], ["test_it_runs", "test_it_stays", "test_it_scales"]]
    assert "exercises/module1/scale.sh · 1 lab" in made.text


def test_another_modules_file_is_not_watched(course: SmallCourse, watched: Callable[..., FakeBench]) -> None:
    """With a module named, a save elsewhere starts nothing."""
    other = course.place.exercises / "module2" / "one.yaml"
    assert len(watched(lambda made: made.watch.put(Saved(frozenset({other}), 0.0))).ordered) == 1
    assert len(watched(lambda made: made.watch.put(Saved(frozenset({other}), 0.0)), module=None).ordered) == 2


def test_a_save_ends_the_run_before(course: SmallCourse, watched: Callable[..., FakeBench]) -> None:
    """What is judged is what is there now; of the run that was ended nothing more is shown."""

    def save(made: FakeBench) -> None:
        (course.module / "one.yaml").write_text("changed")
        made.saved("one.yaml")

    def too_late(made: FakeBench) -> None:
        made.watch.put(Remark("now"))

    made = watched(save, too_late)
    first, second = made.runs[:2]
    assert first.interrupted
    assert first.waited_for
    assert second.tests
    assert "stopped: it was saved again" in made.text


def test_a_file_written_twice_is_judged_once(watched: Callable[..., FakeBench]) -> None:
    """While a run judges just what is there, a further event of the same save starts no other."""
    made = watched(lambda made: made.saved("one.yaml"), lambda made: made.saved("one.yaml"))
    assert len(made.ordered) == 1


def test_a_file_that_is_gone_is_said(course: SmallCourse, watched: Callable[..., FakeBench]) -> None:
    """A deleted manifest is not judged: the line says how to have it back."""

    def delete(made: FakeBench) -> None:
        (course.module / "two.yaml").unlink()
        made.saved("two.yaml")

    made = watched(delete)
    assert len(made.ordered) == 1
    assert (
        "exercises/module1/two.yaml is gone: `kindlings reset module1/two.yaml` brings it back." in made.said
    )


def test_what_cannot_be_read_is_said_at_once(course: SmallCourse, watched: Callable[..., FakeBench]) -> None:
    """Before the cluster has answered, a line names the place; the labs run all the same, and judge."""

    def save(made: FakeBench) -> None:
        (course.module / "two.yaml").write_text("kind: Pod\n\tmetadata: {}\n")
        (course.module / "scale.sh").write_text("rm -rf /\n")
        made.saved("two.yaml", "scale.sh")

    made = watched(save)
    about = made.said.index("exercises/module1/scale.sh, exercises/module1/two.yaml · 1 lab")
    first, second = made.said[about + 1 : about + 3]
    assert first.startswith("scale.sh:1: a lab runs kubectl itself")
    assert second.startswith("two.yaml:2: ")
    assert made.ordered[1] == ["test_it_scales"]


def test_what_the_api_server_would_refuse_is_said_at_once() -> None:
    """An error of the preflight is told with its line and what to do, and it needs no cluster."""
    lines = list(findings.of([real.exercises() / "module1" / "dok-app.yaml"]))
    assert lines[0].startswith("dok-app.yaml:22: env wants a list")
    assert any(line.endswith(": move volumes to spec") for line in lines)
    assert list(findings.of([real.exercises() / "module0" / "cluster.yaml"])) == []


def test_a_finding_that_asks_what_was_meant_is_one_sentence(tmp_path: Path) -> None:
    """The line ends with the question, which names what is to be written."""
    pod = tmp_path / "pod.yaml"
    pod.write_text(small_course.POD.replace("spec: {", "spec: {restarts: 1, "))
    (line,) = findings.of([pod])
    assert line == "pod.yaml:4: spec has no field restarts; did you mean restartPolicy?"


def test_the_solutions_give_no_false_alarm() -> None:
    """No solution has an error in it."""
    found = {*real.solutions().glob("module*/*")} - {*real.solutions().glob("module*/free-mutants.yaml")}
    assert list(findings.of(found)) == []
    assert len(found) > 40


def test_a_test_file_that_cannot_be_read_is_said(
    course: SmallCourse, watched: Callable[..., FakeBench]
) -> None:
    """It is one line, and the watch goes on."""

    def spoil(made: FakeBench) -> None:
        (course.module / "test_pods.py").write_text("def test_(:")
        made.saved("test_pods.py")

    def mend(made: FakeBench) -> None:
        made.watch.put(Remark("still here"))

    made = watched(spoil, mend)
    assert "kindlings: module1/test_pods.py cannot be read" in made.text
    assert "still here" in made.said


# What is shown of a run.


def test_verdicts_are_shown_as_they_come(watched: Callable[..., FakeBench]) -> None:
    """The first failure in full, a further one as a line, a pass as a line with its points."""
    script = [
        [
            verdict("test_it_runs", "failed", FAILURE),
            verdict("test_it_stays", "failed", FAILURE),
            ended(1),
        ],
        [verdict("test_it_scales", "passed"), ended(0)],
    ]
    made = watched(lambda made: made.saved("scale.sh"), script=script)
    assert made.said.count(click.unstyle(message.shown(FAILURE))) == 1
    assert "The Pod of one.yaml stays: no Pod" in made.text
    assert "With scale.sh there are two (2 points, " in made.text
    assert "All of it is done" not in made.text  # the journal, which runs write, has not heard of it


def test_a_file_that_is_done_leads_on(course: SmallCourse, watched: Callable[..., FakeBench]) -> None:
    """When every lab of the run is done, the points and the next lab are said."""
    course.note("test_it_runs")
    course.note("test_it_stays")
    made = watched(
        lambda made: made.saved("one.yaml"),
        script=[
            [ended(0)],
            [verdict("test_it_runs", "passed"), verdict("test_it_stays", "passed"), ended(0)],
        ],
    )
    assert "All of it is done. 2 of 4 points in module1." in made.text
    assert made.text.rindex("edit      exercises/module1/two.yaml") > made.text.index("All of it is done")


def test_what_is_ours_is_not_the_learners(watched: Callable[..., FakeBench]) -> None:
    """A lab that could not be judged is shown as an error with its advice."""
    trouble = "module1 · one.yaml: not judged\n  trouble   gone\n  do        Run `kindlings up`."
    made = watched(script=[[verdict("test_it_runs", "error", trouble), ended(7)]])
    assert trouble in made.said


def test_a_run_that_breaks_off_shows_why(watched: Callable[..., FakeBench]) -> None:
    """Pytest's own troubles end in what it printed, and the watch goes on."""
    made = watched(lambda made: made.saved("scale.sh"), script=[[ended(3)], [ended(0)]])
    assert "The run broke off (pytest's exit code 3):\nINTERNALERROR" in made.said
    assert len(made.ordered) == 2


def test_the_pods_stand_beside_the_run(watched: Callable[..., FakeBench]) -> None:
    """They come as the lab sees them, and go when nothing failed: then their namespace has gone."""
    pod = ["counter", "1/1", "Running", "0", "2026-11-25T16:00:00Z"]
    opened = {"event": "opened", "namespace": "module1-x"}
    pods = {"event": "pods", "rows": [pod]}
    script = [[{"event": "started", "test": "a::test_it_runs"}, opened, pods, ended(0)]]
    made = watched(script=script)
    assert any((view.namespace, view.pods) == ("module1-x", [pod]) for view in made.views)
    assert any(view.status.endswith(": it_runs") for view in made.views)
    assert (made.views[-1].namespace, made.views[-1].pods) == ("", [])
    failed = watched(script=[[opened, pods, verdict("test_it_runs", "failed", FAILURE), ended(1)]])
    assert failed.views[-1].pods == [pod]


def test_the_next_run_is_ready_before_it_is_needed(watched: Callable[..., FakeBench]) -> None:
    """While one run waits for its Pods another process gets ready, and takes the next save."""
    opened = {"event": "opened", "namespace": "module1-x"}
    made = watched(lambda made: made.saved("scale.sh"), script=[[opened, ended(0)], []])
    assert len(made.runs) == 2
    assert [len(run.tests) for run in made.runs] == [2, 1]


def test_a_ready_process_that_has_died_is_not_used(watched: Callable[..., FakeBench]) -> None:
    """It is replaced by a fresh one."""

    def kill_spare(made: FakeBench) -> None:
        made.runs[1].process.code = 1

    made = watched(kill_spare, lambda made: made.saved("scale.sh"), script=[[ended(0)]])
    assert made.runs[1].arguments == ()
    assert made.runs[2].tests


def test_what_a_run_says_is_passed_on(watched: Callable[..., FakeBench]) -> None:
    """Such as the progress of a cluster that is being brought up."""
    made = watched(script=[[{"event": "said", "text": "Cluster kindlings ..."}]])
    assert "Cluster kindlings ..." in made.text


# Keys.


def test_the_keys(course: SmallCourse, watched: Callable[..., FakeBench]) -> None:
    """n: the next lab, h: the hint of what was judged last, l: the list, s: its solution, or why not yet."""
    made = watched(later("h"), later("l"), later("s"), later("n"), later("x"), script=[[ended(1)]])
    text = made.text
    assert "hint      Look at the name." in text
    assert "> not run   1  it_runs    one.yaml" in text
    assert "kindlings: module1/one.yaml is not solved yet" in text
    assert text.count("so far    not run yet") == 2

    course.note("test_it_runs")
    course.note("test_it_stays")
    assert "# Solved one.yaml." in watched(lambda made: made.saved("one.yaml"), later("s")).text


@pytest.mark.parametrize("key", ["q", ""], ids=["q", "the terminal has gone"])
def test_the_end(watched: Callable[..., FakeBench], key: str) -> None:
    """Every process is ended and waited for; what follows is not looked at."""
    made = watched(
        later(key), lambda made: made.saved("scale.sh"), script=[[{"event": "opened", "namespace": "x"}]]
    )
    assert len(made.ordered) == 1
    assert made.runs[0].interrupted
    assert all(run.waited_for for run in made.runs)
    assert all(run.dismissed for run in made.runs[1:])


def test_an_interruption_ends_every_process(course: SmallCourse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C at any moment leaves no run behind."""
    made = FakeBench(course)
    monkeypatch.setattr(bench, "start", made.start)

    def interrupted(_: View) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(made, "show", interrupted)
    made.watch.put(Remark("x"))
    with pytest.raises(KeyboardInterrupt):
        made.watch.loop()
    assert made.runs[0].interrupted
    assert made.runs[0].waited_for


def test_a_process_that_cannot_be_started_is_said(
    course: SmallCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a save it is a line, and the next save tries again."""
    course.note("test_it_runs")
    for test in ("test_it_stays", "test_it_scales"):
        course.note(test)
    made = FakeBench(course, [lambda made: made.saved("scale.sh")])

    def refuse(*_: object) -> None:
        raise InfrastructureError("No process can be started: too many.")

    monkeypatch.setattr(bench, "start", refuse)
    made.watch.loop()
    assert "kindlings: No process can be started: too many." in made.said
