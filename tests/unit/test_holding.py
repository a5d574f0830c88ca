"""hold and never: what must be true at every moment, and what at none; a gap is no moment."""

from __future__ import annotations

import pytest

from kindlings import waiting
from kindlings.conditions import (
    fewer_ready_than,
    gone,
    ready,
)
from kindlings.errors import InfrastructureError
from kindlings.recorder import History
from kindlings.waiting import Unmet
from tests.unit.fakes import (
    ALL_PODS,
    Play,
    pod,
    the_pod,
)

POD = the_pod()
STARTING = pod(ready=False)
READY = pod()


# hold


def test_what_stays_true_is_held(play: Play) -> None:
    """A condition that holds at every event for the whole time passes when the time is over."""
    recorder = play((0, "put", READY), (1, "put", pod(labels={"a": "b"})), (9, "remove", READY))
    waiting.hold(recorder, POD, ready(), 5)
    assert recorder.now == 5


def test_what_is_not_true_at_first_is_not_held(play: Play) -> None:
    """The first moment counts."""
    recorder = play((0, "put", STARTING), (0.1, "put", READY))
    with pytest.raises(Unmet) as caught:
        waiting.hold(recorder, POD, ready(), 5)
    assert caught.value.saw == "Pod counter is 0/1 Running, after 0.0 s"
    assert caught.value.expected == "Pod counter ready, for 5 s"


def test_one_bad_event_between_two_good_ones_is_seen(play: Play) -> None:
    """Three events in one instant: whoever samples sees nothing, hold does."""
    recorder = play((0, "put", READY), (2, "put", pod(ready=False)), (2, "put", READY))
    with pytest.raises(Unmet) as caught:
        waiting.hold(recorder, POD, ready(), 5)
    assert caught.value.saw == "Pod counter is 0/1 Running, after 2.0 s"


def test_what_cannot_hold_any_more_ends_the_holding(play: Play) -> None:
    """A proof is told like any other bad moment."""
    recorder = play((0, "put", READY), (1, "put", pod(ready=False, phase="Failed", policy="Never")))
    with pytest.raises(Unmet):
        waiting.hold(recorder, POD, ready(), 5)
    assert recorder.now == 1


def test_a_gap_makes_holding_unobserved(play: Play) -> None:
    """Nobody passes, and nobody fails, for what was not seen."""
    recorder = play((0, "put", READY), (1, "gap", "Pod"))
    with pytest.raises(InfrastructureError, match="Not observed"):
        waiting.hold(recorder, POD, ready(), 5)


@pytest.mark.parametrize(("what", "kind"), [("gap", "PersistentVolumeClaim"), ("gap, all the same", "Pod")])
def test_a_gap_elsewhere_is_no_matter(play: Play, what: str, kind: str) -> None:
    """Where nothing that was looked at can have changed in a gap, every moment was seen."""
    recorder = play((0, "put", READY), (1, what, kind), (2, "put", pod(ready=False)))
    waiting.hold(recorder, POD, ready(), 1.5)
    with pytest.raises(Unmet):
        waiting.hold(recorder, POD, ready(), 5)


def test_absence_is_not_held_across_a_gap(play: Play) -> None:
    """What is not there may have come and gone, although all that is there is the same."""
    recorder = play((0, "put", pod("other")), (1, "gap, all the same", "Pod"))
    with pytest.raises(InfrastructureError, match="Not observed"):
        waiting.hold(recorder, POD, gone(), 5)


def test_a_gap_in_the_events_does_not_matter(play: Play) -> None:
    """No condition of every moment is about Events, which come and go by themselves."""
    recorder = play((0, "put", READY), (1, "gap", "Event"))
    waiting.hold(recorder, POD, ready(), 5)


def test_holding_does_not_end_while_the_server_is_away(play: Play) -> None:
    """What happened meanwhile is judged when it is told."""
    recorder = play((0, "put", READY), (1, "away", None), (9, "put", pod(ready=False)), (9, "back", None))
    with pytest.raises(Unmet):
        waiting.hold(recorder, POD, ready(), 5)
    assert recorder.now == 9


def test_a_gap_of_before_is_no_matter(play: Play) -> None:
    """Only the time of the holding needs to be seen."""
    recorder = play((0, "gap", "Pod"), (0, "put", READY))
    waiting.hold(recorder, POD, ready(), 5)


def test_absence_can_be_held(play: Play) -> None:
    """Nothing there, for a while; one that comes and goes is seen."""
    waiting.hold(play(), POD, gone(), 5)
    recorder = play((2, "put", READY), (2, "remove", READY))
    with pytest.raises(Unmet):
        waiting.hold(recorder, POD, gone(), 5)


# never


def history(play: Play, *script: tuple[float, str, object]) -> History:
    """Return the history of a script, opened behind its first entry and closed at its end."""
    recorder = play(*script)
    stretch = History(recorder)
    while recorder._script:
        recorder.wait_beyond(recorder.sequence, 100)
    stretch.close()
    return stretch


A, B = pod("a"), pod("b")


def test_what_was_true_at_no_moment_passes(play: Play) -> None:
    """Two Pods stay ready while a third comes and goes."""
    stretch = history(
        play, (0, "put", A), (0, "put", B), (1, "put", pod("c", ready=False)), (2, "remove", pod("c"))
    )
    waiting.never(stretch, ALL_PODS, fewer_ready_than(2))


def test_never_sees_each_event(play: Play) -> None:
    """One moment is enough, however short, and it is told when it was."""
    stretch = history(
        play,
        (0, "put", A),
        (0, "put", B),
        (1, "put", pod("a", labels={"x": "y"})),
        (3.5, "put", pod("a", ready=False)),
        (3.5, "put", A),
    )
    with pytest.raises(Unmet) as caught:
        waiting.never(stretch, ALL_PODS, fewer_ready_than(2))
    verdict = caught.value
    assert verdict.expected == "at no moment fewer than 2 ready among the Pods with app=counter"
    assert verdict.saw == "1 Pod ready, 2.5 s after the first event"


def test_never_judges_the_first_moment(play: Play) -> None:
    """What was true when the history was opened was true in it."""
    stretch = history(play, (0, "put", A), (1, "put", B))
    with pytest.raises(Unmet):
        waiting.never(stretch, ALL_PODS, fewer_ready_than(2))


def test_never_judges_nothing_outside_its_history(play: Play) -> None:
    """What came before the history was opened, and after it was closed, is another matter."""
    recorder = play((0, "put", A), (0, "put", B), (1, "put", pod("a", labels={"x": "y"})), (2, "remove", A))
    stretch = History(recorder)
    recorder.wait_beyond(recorder.sequence, 1)
    stretch.close()
    recorder.wait_beyond(recorder.sequence, 1)
    assert [one["metadata"]["name"] for one in recorder.snapshot().all("Pod")] == ["b"]
    waiting.never(stretch, ALL_PODS, fewer_ready_than(2))


@pytest.mark.parametrize("what", ["gap", "gap, all the same"])
def test_a_gap_makes_never_unobserved(play: Play, what: str) -> None:
    """Across a gap nothing is passed that is about all Pods: one may have come and gone."""
    stretch = history(play, (0, "put", A), (0, "put", B), (1, what, "Pod"))
    with pytest.raises(InfrastructureError, match="Not observed"):
        waiting.never(stretch, ALL_PODS, fewer_ready_than(2))


def test_what_was_seen_before_a_gap_fails(play: Play) -> None:
    """A moment that was seen needs no others."""
    stretch = history(play, (0, "put", A), (0, "put", B), (1, "remove", A), (2, "gap", "Pod"))
    with pytest.raises(Unmet):
        waiting.never(stretch, ALL_PODS, fewer_ready_than(2))
