"""The recorder: list then watch, in order, resumed without a gap where the server can, with one where not."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from kindlings.cluster.api import KINDS
from kindlings.errors import InfrastructureError
from kindlings.recorder import WATCHED, Change, Gap, History, Recorder
from tests.unit.apistore import status
from tests.unit.fakes import claim, event, owner, pod

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kindlings.cluster.api import Api
    from tests.unit.apiserver import FakeApiServer

POD, CLAIM, SET = KINDS["Pod"], KINDS["PersistentVolumeClaim"], KINDS["ReplicaSet"]
LONG = 20.0
"""Seconds that no test takes: what is waited for comes at once, or the test has failed."""


@pytest.fixture
def recorder(api: Api) -> Iterator[Recorder]:
    """Give a recorder of Pods, not started."""
    made = Recorder(api, "lab", (POD,))
    yield made
    made.stop()


def until(recorder: Recorder, enough: Callable[[], object]) -> None:
    """Wait for entries until `enough` of them are there."""
    while not enough():
        assert recorder.wait_beyond(recorder.sequence, LONG), "nothing came"


def seen(recorder: Recorder, after: int = 0) -> list[tuple[str, str]]:
    """Return what is recorded: type and name, and the gaps."""
    return [
        (one.type, one.object["metadata"]["name"]) if isinstance(one, Change) else ("GAP", one.kind)
        for one in recorder.entries(after)
    ]


def names(recorder: Recorder) -> list[str]:
    """Return the names of the Pods that are there now."""
    return [one["metadata"]["name"] for one in recorder.snapshot().all("Pod")]


def watches(server: FakeApiServer, path: str = "/pods$") -> list[str]:
    """Return the resourceVersions at which Pods were watched."""
    return [one.query["resourceVersion"] for one in server.asked("GET", path, watch="true")]


def settled(server: FakeApiServer, count: int) -> None:
    """Wait until `count` watches are open."""
    open_ = threading.Event()
    for _ in range(int(LONG / 0.005)):
        if server.store.open_watches == count:
            return
        open_.wait(0.005)
    pytest.fail(f"{server.store.open_watches} watches are open, not {count}")


def test_what_was_there_before_is_listed(server: FakeApiServer, recorder: Recorder) -> None:
    """After `start` the objects of before are there, with their kind, which a list's items lack."""
    server.put(POD, pod("one"))
    server.put(POD, pod("elsewhere"), namespace="other")
    recorder.start()
    assert names(recorder) == ["one"]
    assert recorder.snapshot().all("Pod")[0]["kind"] == "Pod"
    assert seen(recorder) == [("ADDED", "one")]


def test_changes_arrive_in_order(server: FakeApiServer, recorder: Recorder) -> None:
    """Every event of the watch is an entry, numbered from 1, at a time that never goes back."""
    recorder.start()
    one = pod("one")
    server.put(POD, one)
    for phase in ("Pending", "Running", "Failed"):
        server.put(POD, {**one, "status": {"phase": phase}})
    server.remove(POD, "one")
    until(recorder, lambda: recorder.sequence == 5)
    assert seen(recorder) == [("ADDED", "one"), *[("MODIFIED", "one")] * 3, ("DELETED", "one")]
    found = recorder.entries()
    assert [one.sequence for one in found] == [1, 2, 3, 4, 5]
    assert [one.at for one in found] == sorted(one.at for one in found)
    assert names(recorder) == []


def test_every_moment_can_be_seen_again(server: FakeApiServer, recorder: Recorder) -> None:
    """`at` and `replay` give the state just behind each entry, whatever came later."""
    recorder.start()
    server.put(POD, pod("one"))
    server.put(POD, pod("two"))
    server.remove(POD, "one")
    until(recorder, lambda: recorder.sequence == 3)
    there = [{one["metadata"]["name"] for one in recorder.at(number).all("Pod")} for number in range(4)]
    assert there == [set(), {"one"}, {"one", "two"}, {"two"}]
    replayed = [
        (entry.sequence, {one["metadata"]["name"] for one in moment.all("Pod")})
        for entry, moment in recorder.replay(1)
    ]
    assert replayed == [(2, {"one", "two"}), (3, {"two"})]
    assert [entry.sequence for entry, _ in recorder.replay(0, 2)] == [1, 2]


def test_what_an_answer_told_is_waited_for(server: FakeApiServer, recorder: Recorder) -> None:
    """What is judged after a change is not what was there before it; deleted counts as seen."""
    recorder.start()
    changed = server.put(POD, pod("one"))
    recorder.catch_up("Pod", [changed], LONG)
    assert names(recorder) == ["one"]
    server.remove(POD, "one")
    until(recorder, lambda: recorder.sequence == 2)
    recorder.catch_up("Pod", [changed], LONG)
    recorder.catch_up("ConfigMap", [changed], LONG)
    ahead = {**changed, "metadata": {**changed["metadata"], "uid": "other"}}
    recorder.catch_up("Pod", [ahead], 0.01)  # in time it gives up: the judging says what is missing


def test_a_snapshot_stays_as_it_was(server: FakeApiServer, recorder: Recorder) -> None:
    """What comes later changes no snapshot that was taken before."""
    recorder.start()
    server.put(POD, pod("one"))
    until(recorder, lambda: recorder.sequence == 1)
    before = recorder.snapshot()
    server.put(POD, pod("two"))
    until(recorder, lambda: recorder.sequence == 2)
    assert [one["metadata"]["name"] for one in before.all("Pod")] == ["one"]
    assert before.sequence == 1


def test_a_snapshot_finds_by_name_and_uid(server: FakeApiServer, recorder: Recorder) -> None:
    """Of two Pods with one name the living one is meant; a UID is one object for ever."""
    recorder.start()
    for one in (pod("one", uid="old", deleted=True), pod("one", uid="new")):
        server.store.write("ADDED", POD.path("lab"), {**one, "kind": "Pod"})
    until(recorder, lambda: recorder.sequence == 2)
    moment = recorder.snapshot()
    found = moment.named("Pod", "one")
    assert found is not None
    assert found["metadata"]["uid"] == "new"
    assert moment.with_uid("Pod", "old") is not None
    assert moment.with_uid("Pod", "none") is None
    assert moment.named("Pod", "two") is None
    assert moment.all("Service") == []


def test_events_belong_to_their_object(server: FakeApiServer, api: Api) -> None:
    """Events are found by the UID that they are about, the newest last."""
    recorder = Recorder(api, "lab", (KINDS["Event"],))
    recorder.start()
    about = pod("one", uid="one")
    for reason in ("Scheduled", "Pulled"):
        entry = event(about, reason, "")
        del entry["metadata"]["resourceVersion"]
        server.put(KINDS["Event"], entry)
    server.put(KINDS["Event"], event(pod("two"), "Failed", ""))
    until(recorder, lambda: recorder.sequence == 3)
    assert [one["reason"] for one in recorder.snapshot().events_of("one")] == ["Scheduled", "Pulled"]
    recorder.stop()


def test_all_kinds_of_a_lab_are_watched(server: FakeApiServer, api: Api) -> None:
    """A lab's recorder watches Pods, controllers, Services, EndpointSlices, claims and Events."""
    recorder = Recorder(api, "lab")
    recorder.start()
    settled(server, len(WATCHED))
    server.put(CLAIM, claim())
    server.put(SET, owner("ReplicaSet", "counter"))
    until(recorder, lambda: recorder.sequence == 2)
    moment = recorder.snapshot()
    assert moment.named("PersistentVolumeClaim", "dok")
    assert moment.named("ReplicaSet", "counter")
    recorder.stop()


def test_a_broken_watch_goes_on_without_a_gap(server: FakeApiServer, recorder: Recorder) -> None:
    """What happened while the connection was down is delivered when it is up, each event once."""
    recorder.start()
    server.put(POD, pod("one"))
    until(recorder, lambda: recorder.sequence == 1)
    settled(server, 1)
    last = str(server.store.version)
    server.break_watches()
    server.put(POD, pod("two"))
    server.remove(POD, "one")
    until(recorder, lambda: recorder.sequence == 3)
    assert seen(recorder) == [("ADDED", "one"), ("ADDED", "two"), ("DELETED", "one")]
    assert watches(server)[-1] == last
    assert len(server.asked("GET", "/pods$")) - len(watches(server)) == 1, "it was listed once"


def test_a_bookmark_moves_the_point_of_resumption(server: FakeApiServer, recorder: Recorder) -> None:
    """A watch is resumed at the newest bookmark, which is no entry itself."""
    bookmark = {"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {"resourceVersion": "99"}}}
    server.answer("GET", "/pods$", 200, {"metadata": {"resourceVersion": "7"}, "items": []})
    server.answer("GET", "/pods$", 200, json.dumps(bookmark))
    recorder.start()
    server.put(POD, pod("one"))
    until(recorder, lambda: recorder.sequence == 1)
    assert watches(server) == ["7", "99"]
    assert seen(recorder) == [("ADDED", "one")]


@pytest.mark.parametrize("in_stream", [False, True])
def test_an_expired_watch_leaves_a_gap(server: FakeApiServer, recorder: Recorder, *, in_stream: bool) -> None:
    """After 410, by status or as an ERROR event, the list tells the differences, behind a Gap.

    The gap names the object that cannot have changed in it.
    """
    server.expires_in_stream = in_stream
    for name in ("stays", "goes", "changes"):
        server.put(POD, pod(name))
    recorder.start()
    settled(server, 1)
    with server.store.changed:  # so that no watch sees these
        server.store.breaks += 1
        server.put(POD, pod("changes", ready=False))
        server.remove(POD, "goes")
        server.put(POD, pod("comes"))
        server.forget()
    until(recorder, lambda: recorder.sequence == 7)
    entries = recorder.entries(3)
    assert isinstance(entries[0], Gap)
    stays = recorder.snapshot().named("Pod", "stays")
    assert stays is not None
    assert entries[0].unchanged == {stays["metadata"]["uid"]}
    assert sorted(seen(recorder, 4)) == [("ADDED", "comes"), ("DELETED", "goes"), ("MODIFIED", "changes")]
    assert set(names(recorder)) == {"stays", "comes", "changes"}
    assert {one["metadata"]["name"] for one in recorder.at(3).all("Pod")} == {"stays", "goes", "changes"}


def test_a_server_that_comes_back_is_an_outage(server: FakeApiServer, recorder: Recorder) -> None:
    """While the server is away that can be told, and afterwards for how long; the watch goes on."""
    recorder.start()
    settled(server, 1)
    assert recorder.outage == (False, 0.0)
    server.down()
    assert _turns(lambda: recorder.outage[0])
    server.up()
    server.put(POD, pod("one"))
    until(recorder, lambda: recorder.sequence == 1)
    assert _turns(lambda: not recorder.outage[0])
    assert recorder.outage[1] > 0
    assert seen(recorder) == [("ADDED", "one")]


def test_a_server_that_comes_back_in_silence_is_back(server: FakeApiServer, recorder: Recorder) -> None:
    """Where nothing has happened meanwhile nothing is told, and the outage ends all the same."""
    recorder.start()
    settled(server, 1)
    server.down()
    assert _turns(lambda: recorder.outage[0])
    server.up()
    assert _turns(lambda: not recorder.outage[0])
    assert recorder.sequence == 0


def test_a_server_that_cannot_resume_is_back_behind_the_gap(
    server: FakeApiServer, recorder: Recorder
) -> None:
    """Whoever waits for the end of an outage finds the gap that it left, although its stream has begun."""
    server.expires_in_stream = True
    recorder.start()
    settled(server, 1)
    server.down()
    assert _turns(lambda: recorder.outage[0])
    server.forget()
    server.up()
    assert _turns(lambda: not recorder.outage[0])
    assert seen(recorder) == [("GAP", "Pod")]


def _turns(told: Callable[[], bool]) -> bool:
    """Tell whether `told` becomes true."""
    event_ = threading.Event()
    for _ in range(int(LONG / 0.005)):
        if told():
            return True
        event_.wait(0.005)
    return False


@pytest.mark.usefixtures("impatient")
def test_a_server_that_stays_away_is_our_error(server: FakeApiServer, recorder: Recorder) -> None:
    """After the patience for a restarting server, whoever waits or looks is told that the cluster is gone."""
    recorder.start()
    settled(server, 1)
    server.down()
    with pytest.raises(InfrastructureError, match="stopped telling what happens in namespace lab") as caught:
        recorder.wait_beyond(recorder.sequence, LONG)
    assert "kindlings up" in caught.value.advice
    with pytest.raises(InfrastructureError):
        recorder.snapshot()


@pytest.mark.usefixtures("impatient")
def test_a_server_that_never_was_there_is_our_error(server: FakeApiServer, recorder: Recorder) -> None:
    """`start` does not begin where nothing can be listed."""
    server.down()
    with pytest.raises(InfrastructureError, match="does not answer"):
        recorder.start()


@pytest.mark.usefixtures("impatient")
def test_a_server_that_refuses_the_watch_is_our_error(server: FakeApiServer, recorder: Recorder) -> None:
    """A refusal other than 410 is trouble that does not last, or an error."""
    forbidden = status(403, "Forbidden", "pods is forbidden")
    server.answer("GET", "/pods$", 403, forbidden, times=-1)
    with pytest.raises(InfrastructureError, match="pods is forbidden"):
        recorder.start()


def test_nonsense_in_a_watch_is_no_end(server: FakeApiServer, recorder: Recorder) -> None:
    """A line that is no JSON breaks the watch, which is resumed."""
    server.put(POD, pod("one"))
    list_ = {"metadata": {"resourceVersion": str(server.store.version)}, "items": []}
    server.answer("GET", "/pods$", 200, list_)
    server.answer("GET", "/pods$", 200, '{"type": "ADD')
    recorder.start()
    server.put(POD, pod("two"))
    until(recorder, lambda: recorder.sequence == 1)
    assert seen(recorder) == [("ADDED", "two")]


def test_stop_ends_silent_watches(server: FakeApiServer, api: Api) -> None:
    """Nine watches in which nothing happens end when asked to; what was recorded stays."""
    recorder = Recorder(api, "lab")
    server.put(POD, pod("one"))
    recorder.start()
    settled(server, len(WATCHED))
    recorder.stop()
    assert not [one for one in recorder._threads if one.is_alive()]
    assert names(recorder) == ["one"]
    recorder.stop()


def test_stop_ends_a_recorder_whose_server_is_away(server: FakeApiServer, recorder: Recorder) -> None:
    """No thread goes on trying."""
    recorder.start()
    settled(server, 1)
    server.down()
    assert _turns(lambda: recorder.outage[0])
    recorder.stop()
    assert not [one for one in recorder._threads if one.is_alive()]


def test_waiting_beyond_what_comes_not_ends(recorder: Recorder) -> None:
    """Nothing new within the time is told, not raised."""
    recorder.start()
    assert recorder.wait_beyond(recorder.sequence, 0.01) is False
    assert recorder.wait_beyond(recorder.sequence, -1) is False


def test_many_changes_from_many_kinds_lose_none(server: FakeApiServer, api: Api) -> None:
    """Under a flood from several watches at once, each kind's events are all there, in their order."""
    recorder = Recorder(api, "lab", (POD, CLAIM, SET))
    recorder.start()
    made: list[tuple[Any, Any]] = [(POD, pod), (CLAIM, claim), (SET, lambda name: owner("ReplicaSet", name))]

    def flood(kind: Any, make: Any) -> None:
        for number in range(100):
            server.put(kind, make(f"n{number}"))

    threads = [threading.Thread(target=flood, args=pair) for pair in made]
    for thread in threads:
        thread.start()
    server.break_watches()
    for thread in threads:
        thread.join()
    until(recorder, lambda: recorder.sequence >= 300)
    for kind, _ in made:
        changes = [one for one in recorder.entries() if isinstance(one, Change) and one.kind == kind.kind]
        assert [one.object["metadata"]["name"] for one in changes] == [f"n{number}" for number in range(100)]
    assert [one.sequence for one in recorder.entries()] == list(range(1, 301))
    recorder.stop()


def test_a_history_is_a_stretch(server: FakeApiServer, recorder: Recorder) -> None:
    """A history begins behind what was, and ends where it was closed."""
    server.put(POD, pod("before"))
    recorder.start()
    history = History(recorder)
    server.put(POD, pod("during"))
    until(recorder, lambda: recorder.sequence == 2)
    history.close()
    server.put(POD, pod("after"))
    until(recorder, lambda: recorder.sequence == 3)
    assert [one.sequence for one in recorder.entries(history.start, history.end)] == [2]
