"""wait, hold and never: judged on every event, ended early only by proof or lasting trouble."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from kindlings import waiting
from kindlings.conditions import (
    SETTLED,
    containers_ready,
    fewer_ready_than,
    gone,
    ready,
    restarted,
    succeeded,
)
from kindlings.errors import InfrastructureError
from kindlings.recorder import History
from kindlings.symptoms import PERSISTENCE
from kindlings.waiting import AFTER_OUTAGE, Unmet
from tests.unit.fakes import (
    ALL_PODS,
    ScriptedRecorder,
    claim,
    crashed,
    event,
    pod,
    running,
    the_pod,
    unscheduled,
)
from tests.unit.fakes import waiting as waits

POD = the_pod()
STARTING = pod(ready=False)
READY = pod()
RUNNING = pod(policy="Never")
ENDED = pod(ready=False, phase="Succeeded", policy="Never")
PULLING = pod(ready=False, statuses=[waits("ErrImagePull", "not found")], phase="Pending")


@dataclass
class Play:
    """A test's monkeypatch, to write scripts with."""

    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *script: tuple[float, str, object]) -> ScriptedRecorder:
        """Return a recorder that sees `script`."""
        return ScriptedRecorder(self.monkeypatch, *script)


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """Give what makes recorders of scripts."""
    return Play(monkeypatch)


def unmet(recorder: ScriptedRecorder, *arguments: object, **options: object) -> Unmet:
    """Return the verdict of a wait that ends without its condition."""
    with pytest.raises(Unmet) as caught:
        waiting.wait(recorder, *arguments, **options)  # type: ignore[arg-type]
    return caught.value


# wait


def test_what_is_there_already_is_not_awaited(play: Play) -> None:
    """A condition that holds is met at once."""
    recorder = play((0, "put", ENDED))
    assert waiting.wait(recorder, POD, succeeded()) == [ENDED]
    assert recorder.asked == 0


def test_a_wait_returns_at_the_event_that_meets_it(play: Play) -> None:
    """Neither before nor at some later look."""
    recorder = play((0, "put", RUNNING), (3.25, "put", ENDED), (9, "remove", ENDED))
    assert waiting.wait(recorder, POD, succeeded()) == [ENDED]
    assert recorder.now == 3.25


def test_readiness_counts_once_it_has_settled(play: Play) -> None:
    """A container that runs for a moment and ends was never ready in the learner's sense."""
    recorder = play((0, "put", READY), (SETTLED / 2, "put", STARTING), (5, "put", READY))
    assert waiting.wait(recorder, POD, ready()) == [READY]
    assert recorder.now == 5 + 4 * SETTLED


def test_what_took_long_must_stay_longer(play: Play) -> None:
    """A machine that was slow to start a container is as slow to end it: a quarter of that is waited anew."""
    recorder = play((0, "put", STARTING), (2.4, "put", READY))
    assert waiting.wait(recorder, POD, ready()) == [READY]
    assert recorder.now == pytest.approx(2.4 + 0.6)


@pytest.mark.parametrize(("policy", "waits_on"), [("IfNotPresent", True), ("Always", False)])
def test_an_image_that_every_node_has_is_awaited(play: Play, policy: str, *, waits_on: bool) -> None:
    """A node that does not find it for a moment looks again; a pull asked for each time stays wrong."""
    pulling = pod(ready=False, statuses=[waits("ErrImagePull", "not found")], phase="Pending")
    pulling["spec"]["containers"] = [{"name": "count", "image": "busybox:1.36", "imagePullPolicy": policy}]
    recorder = play((0, "put", pulling), (12, "put", READY))
    if waits_on:
        assert waiting.wait(recorder, POD, ready(), images=["busybox:1.36"]) == [READY]
    else:
        with pytest.raises(Unmet):
            waiting.wait(recorder, POD, ready(), images=["busybox:1.36"])
        assert recorder.now < 12


def test_a_wait_sleeps_until_the_next_event(play: Play) -> None:
    """Nothing is polled: with one event there is one waking."""
    recorder = play((0, "put", RUNNING), (20, "put", ENDED))
    waiting.wait(recorder, POD, succeeded())
    assert recorder.asked == 1


def test_time_over_is_told_with_what_was_seen_last(play: Play) -> None:
    """The message has the last state and how long it was waited for."""
    recorder = play((0, "put", STARTING), (2, "put", pod(ready=False)))
    verdict = unmet(recorder, POD, ready(), 7)
    assert recorder.now == 7
    assert verdict.expected == "Pod counter ready"
    assert verdict.saw == "Pod counter is 0/1 Running, after 7 s"
    assert not verdict.proved
    assert not verdict.unserved


def test_a_pod_that_nobody_looked_at_is_given_more_time_and_then_is_ours(play: Play) -> None:
    """Where the scheduler has not said a word, the verdict names it."""
    fresh = pod(ready=False, phase="Pending", statuses=[])
    del fresh["spec"]["nodeName"], fresh["status"]["startTime"]
    recorder = play((0, "put", fresh))
    assert unmet(recorder, POD, ready(), 5).unserved == "no scheduler has looked at Pod counter"
    assert recorder.now == 5 + AFTER_OUTAGE


def test_a_condition_has_a_patience_of_its_own(play: Play) -> None:
    """Without a timeout the condition says how long."""
    recorder = play()
    verdict = unmet(recorder, POD, ready())
    assert recorder.now == ready().patience
    assert verdict.saw == f"no Pod counter, after {ready().patience:.0f} s"


def test_the_impossible_is_not_awaited(play: Play) -> None:
    """A proof ends the wait at once, and is told without a time."""
    recorder = play((0, "put", STARTING))
    verdict = unmet(recorder, POD, containers_ready(3))
    assert recorder.now == 0
    assert verdict.saw == "Pod counter has 1 container, not 3"
    assert verdict.proved


def test_what_becomes_impossible_ends_the_wait_then(play: Play) -> None:
    """A Pod that ends will never be ready."""
    recorder = play((0, "put", READY), (1, "put", pod(ready=False, phase="Succeeded", policy="Never")))
    assert unmet(recorder, POD, ready(2)).proved
    assert recorder.now == 1


def test_a_trouble_ends_the_wait_when_it_has_lasted(play: Play) -> None:
    """An image that is not there is given the time of its rule, no more."""
    recorder = play((0, "put", STARTING), (2, "put", PULLING))
    verdict = unmet(recorder, POD, ready())
    assert recorder.now == 2 + PERSISTENCE["image"]
    assert verdict.saw == "Pod counter is 0/1 ErrImagePull"
    assert not verdict.proved
    assert [one.family for one in verdict.troubles] == ["image"]


def test_a_trouble_that_changes_its_name_is_the_same(play: Play) -> None:
    """ErrImagePull becomes ImagePullBackOff: that is one trouble, as old as its beginning."""
    back_off = pod(ready=False, statuses=[waits("ImagePullBackOff")], phase="Pending")
    recorder = play((0, "put", PULLING), (0.75, "put", back_off))
    assert [one.reason for one in unmet(recorder, POD, ready()).troubles] == ["ImagePullBackOff"]
    assert recorder.now == PERSISTENCE["image"]


def test_a_trouble_that_heals_ends_nothing(play: Play) -> None:
    """What is over before its time was no failure."""
    recorder = play((0, "put", PULLING), (0.5, "put", STARTING), (5, "put", READY))
    assert waiting.wait(recorder, POD, ready()) == [READY]
    assert recorder.now == 5 + 4 * SETTLED


def test_a_trouble_that_comes_again_begins_anew(play: Play) -> None:
    """Two short troubles are no long one."""
    recorder = play((0, "put", PULLING), (0.5, "put", STARTING), (0.75, "put", PULLING), (1.5, "put", READY))
    assert waiting.wait(recorder, POD, ready()) == [READY]


def test_a_trouble_that_is_part_of_the_lab_is_tolerated(play: Play) -> None:
    """Who waits for a restart does not mind a crash."""
    recorder = play(
        (0, "put", pod(ready=False, statuses=[crashed(137)])), (4, "put", pod(statuses=[running(restarts=2)]))
    )
    waiting.wait(recorder, POD, restarted())
    assert recorder.now == 4


def test_a_crash_that_repeats_ends_the_wait_at_once(play: Play) -> None:
    """Two ends with the same code are no accident; the first alone is."""
    first = pod(ready=False, statuses=[crashed(1, restarts=0)])
    recorder = play((0, "put", first), (1, "put", pod(ready=False, statuses=[crashed(1)])))
    assert unmet(recorder, POD, ready()).troubles[0].exit_code == 1
    assert recorder.now == 1


def test_a_claim_that_comes_heals_the_schedulers_old_word(play: Play) -> None:
    """A missing claim stays in the Pod's status until the scheduler tries again; the claim itself counts."""
    stuck = unscheduled('0/3 nodes are available: persistentvolumeclaim "dok" not found.')
    recorder = play((0, "put", stuck), (1, "put", claim("dok")), (6, "put", READY))
    assert waiting.wait(recorder, POD, ready()) == [READY]


def test_a_provisioner_is_given_time_to_try_again(play: Play) -> None:
    """A volume that could not be made is awaited for longer than a learner's mistake."""
    mine = claim()
    recorder = play((0, "put", mine), (0, "put", event(mine, "ProvisioningFailed", "timed out")))
    target = replace(
        POD, kind="PersistentVolumeClaim", select=lambda moment: [moment.all("PersistentVolumeClaim")[0]]
    )
    verdict = unmet(recorder, target, ready())
    assert verdict.troubles[0].family == "volume"
    assert recorder.now == PERSISTENCE["volume"]


def test_no_verdict_falls_while_the_server_is_away(play: Play) -> None:
    """Time that the API server was away is given back, and the controllers' time to find a leader."""
    recorder = play((0, "put", STARTING), (1, "away", None), (50, "back", None), (60, "put", READY))
    assert waiting.wait(recorder, POD, ready(), 5) == [READY]
    assert recorder.now == 60 + 4 * SETTLED


def test_a_trouble_ripens_not_into_a_verdict_while_the_server_is_away(play: Play) -> None:
    """What cannot be seen to heal ends nothing."""
    recorder = play((0, "put", PULLING), (0.5, "away", None), (40, "put", READY), (40, "back", None))
    assert waiting.wait(recorder, POD, ready(), 5) == [READY]


def test_time_away_is_not_time_without_end(play: Play) -> None:
    """After it is back, the wait ends when its time, the time away and the leaders' time are over."""
    recorder = play((0, "put", STARTING), (1, "away", None), (11, "back", None))
    verdict = unmet(recorder, POD, ready(), 5)
    assert recorder.now == pytest.approx(5 + 10 + AFTER_OUTAGE)
    assert "after 55 s" in verdict.saw


def test_a_wait_goes_on_over_a_gap(play: Play) -> None:
    """For what becomes true it does not matter what nobody saw."""
    recorder = play((0, "put", STARTING), (1, "gap", "Pod"), (2, "put", READY))
    assert waiting.wait(recorder, POD, ready()) == [READY]


def test_a_cluster_that_is_gone_is_our_error(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait on a recorder that has failed ends as the recorder's error."""
    recorder = play((0, "put", STARTING))
    monkeypatch.setattr(recorder, "_trouble", InfrastructureError("gone"))
    with pytest.raises(InfrastructureError, match="gone"):
        waiting.wait(recorder, POD, ready())


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
