"""wait: judged on every event, ended early only by proof or lasting trouble."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kindlings import waiting
from kindlings.conditions import (
    SETTLED,
    containers_ready,
    ready,
    restarted,
    succeeded,
)
from kindlings.errors import InfrastructureError
from kindlings.symptoms import PERSISTENCE
from kindlings.waiting import AFTER_OUTAGE, Unmet
from tests.unit.fakes import (
    Play,
    claim,
    crashed,
    event,
    pod,
    running,
    the_pod,
    unmet,
    unscheduled,
)
from tests.unit.fakes import waiting as waits

POD = the_pod()
STARTING = pod(ready=False)
READY = pod()
RUNNING = pod(policy="Never")
ENDED = pod(ready=False, phase="Succeeded", policy="Never")
PULLING = pod(ready=False, statuses=[waits("ErrImagePull", "not found")], phase="Pending")


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


def test_a_pod_whose_node_has_gone_is_ours(play: Play) -> None:
    """The control plane's event about the Pod says so, for as long as it is not ready."""
    lost = pod(ready=False)
    recorder = play((0, "put", lost), (2, "put", event(lost, "NodeNotReady", "Node is not ready")))
    told = f"node {lost['spec']['nodeName']} of Pod counter is not ready"
    assert unmet(recorder, POD, ready(), 5).unserved == told


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
