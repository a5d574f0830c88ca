"""Grading with limits: what hangs is ended, what is finished stays, what waits its turn loses nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from kindlings.grading import one, trusted
from kindlings.grading.trusted import Limits
from kindlings.results import Results, Running
from tests.unit.installed import ALL, ended, hand_in

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.grading.one import Assignment


pytestmark = pytest.mark.usefixtures("own_state")


def test_a_lab_that_hangs_is_ended_and_the_next_go_on(task: Assignment, tmp_path: Path) -> None:
    """It is the learner's failure, with the limit in its message; finished points stay."""
    hasty = replace(task, limits=Limits(lab=2))
    run = one.grade(hand_in(tmp_path / "eve", "good", "good", "hang"), hasty)
    assert ended(run) == [*ALL[:2], ("failed", 0)]
    assert run.cut == ("module1/words/test_third: stopped after 2 s, the time limit of a lab.",)
    assert (run.graded, run.score) == (True, 3)


def test_a_required_lab_that_hangs_bars_the_later_ones(task: Assignment, tmp_path: Path) -> None:
    """As it does when it fails in any other way."""
    hasty = replace(task, limits=Limits(lab=2))
    run = one.grade(hand_in(tmp_path / "eve", "hang", "hang", "good"), hasty)
    assert ended(run) == [("failed", 0), ("failed", 0), ("not-attempted", 0)]
    assert "The second file is good, that comes first" in run.tests[2].message
    assert run.graded


def test_a_run_that_takes_too_long_keeps_what_it_has(task: Assignment, tmp_path: Path) -> None:
    """And says which tests it did not come to, which count as zero."""
    hasty = replace(task, limits=Limits(lab=600, run=4))
    run = one.grade(hand_in(tmp_path / "eve", "good", "hang", "good"), hasty)
    assert ended(run) == [("passed", 1), ("not-attempted", 0), ("not-attempted", 0)]
    assert run.cut == (
        "2 tests not reached within 4 s, the time limit of the whole run, "
        "module1/words/test_second the first.",
    )
    assert (run.graded, run.score) == (True, 1)


def test_a_limit_that_is_reached_on_a_dead_cluster_is_no_learners(task: Assignment, tmp_path: Path) -> None:
    """What hangs there hangs for everybody."""
    dead = replace(task, limits=Limits(lab=2), healthy=lambda: False)
    run = one.grade(hand_in(tmp_path / "ada", "good", "hang", "good"), dead)
    assert (run.graded, run.trouble) == (False, "The cluster does not answer")


def test_a_limit_that_is_reached_with_a_node_lost_is_no_learners(task: Assignment, tmp_path: Path) -> None:
    """The Pod may have been there; what was judged before stays."""
    lame = replace(task, limits=Limits(lab=2), silent_nodes=lambda: ["worker"])
    run = one.grade(hand_in(tmp_path / "ada", "good", "hang", "good"), lame)
    assert (run.graded, run.tests[0].points) == (False, 1)
    assert run.reason == "A time limit was reached while the cluster had lost worker"


@pytest.mark.parametrize(
    ("running", "waited", "limit"),
    [
        ((), 0.0, ("run", 1030.0, "")),
        ((), 5.0, ("run", 1035.0, "")),
        (((1002.0, False),), 0.0, ("lab", 1012.0, "x")),
        (((1025.0, False),), 0.0, ("run", 1030.0, "")),
        (((1002.0, True),), 0.0, ("queue", 1002.0 + 1800.0, "")),
    ],
)
def test_no_limit_counts_the_time_that_a_test_waits_for_its_turn(
    running: tuple[tuple[float, bool], ...], waited: float, limit: tuple[str, float, str]
) -> None:
    """A class shares the cluster's node ports, and nobody's run is shorter for it."""
    state = Results("r", "s", running=tuple(Running("x", *one) for one in running), waited=waited)
    assert trusted._next_limit(state, 1000.0, Limits(lab=10, run=30)) == limit
