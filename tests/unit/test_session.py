"""A session's labs: what is prepared is opened, nothing prepared is left, node ports are lent to one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import filelock
import pytest

from kindlings import lesson, paths
from kindlings.cluster.api import KINDS
from kindlings.errors import InfrastructureError
from kindlings.recorder import WATCHED, watched
from kindlings.session import Session

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.lab import Lab
    from tests.unit.apiserver import FakeApiServer


def a_lesson() -> None:
    """Stand for a lesson of the course."""


ABOUT = lesson.of(a_lesson, "module1", ())


@pytest.fixture
def session(kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Give a session on the fake API server, with a state folder of its own."""
    monkeypatch.setenv("KINDLINGS_STATE_DIR", str(tmp_path / "state"))
    return Session(kubeconfig, "run")


def names(server: FakeApiServer) -> list[str]:
    """Return the names of the namespaces that are there."""
    return [
        one["metadata"]["name"] for one in server.store.objects.get(KINDS["Namespace"].path(), {}).values()
    ]


def test_a_prepared_namespace_is_the_one_that_is_opened(session: Session, server: FakeApiServer) -> None:
    """Opening a prepared test makes no second namespace; another test gets another one when it needs it."""
    session.prepare(ABOUT, "test_first")

    first = session.open(ABOUT, "test_first", paths.state())
    first.place.recorder()
    second = session.open(ABOUT, "test_second", paths.state())

    assert names(server) == [first.namespace]
    second.place.recorder()
    second.place.recorder()
    assert names(server) == [first.namespace, second.namespace]
    for lab in (first, second):
        session.close(lab, keep=False)
    session.end(keep=False)
    assert names(server) == []


def test_what_was_prepared_in_vain_goes(session: Session, server: FakeApiServer) -> None:
    """Where the run ends before the next test (-x), its namespace goes, also where labs are kept."""
    session.prepare(ABOUT, "test_next")

    session.end(keep=True)

    assert server.asked("POST", "/namespaces$")
    assert names(server) == []


@pytest.mark.usefixtures("impatient")
def test_a_namespace_that_cannot_be_made_is_told_to_whoever_needs_it(
    session: Session, server: FakeApiServer
) -> None:
    """The error reaches them each time."""
    lab = session.open(ABOUT, "test_next", paths.state())
    server.close()

    for _ in range(2):
        with pytest.raises(InfrastructureError):
            lab.place.recorder()


def test_node_ports_are_one_labs_at_a_time(session: Session) -> None:
    """From open to close nobody else has the cluster's node ports."""
    about = lesson.of(a_lesson, "module5", [pytest.mark.needs("node-port").mark])
    other = filelock.FileLock(paths.state() / "node-ports.lock")

    lab = session.open(about, "test_ports", paths.state())

    with pytest.raises(filelock.Timeout):
        other.acquire(timeout=0)
    session.close(lab, keep=False)
    other.acquire(timeout=0)
    other.release()


def looked_at(server: FakeApiServer, lab: Lab) -> set[str]:
    """Return the resources that were listed or watched in the lab's namespace."""
    return {request.path.rpartition("/")[2] for request in server.asked("GET", f"/{lab.namespace}/")}


def test_a_lab_of_some_kinds_watches_what_can_come_of_them(session: Session, server: FakeApiServer) -> None:
    """A ReplicaSet's Pods and their volumes, and no Deployments: in its namespace there can be none."""
    about = lesson.of(a_lesson, "module2", [pytest.mark.kinds("ReplicaSet").mark])

    lab = session.open(about, "test_three_pods", paths.state())
    lab.place.recorder()

    assert looked_at(server, lab) == {"pods", "replicasets", "persistentvolumeclaims", "events"}
    session.close(lab, keep=False)


@pytest.mark.parametrize(
    ("made", "seen"),
    [
        ({"Deployment"}, {"Deployment", "ReplicaSet", "Pod", "PersistentVolumeClaim", "Event"}),
        ({"Service", "ConfigMap"}, {"Service", "EndpointSlice", "Event"}),
        (set(), {kind.kind for kind in WATCHED}),
    ],
)
def test_what_is_watched_is_all_that_there_can_be(made: set[str], seen: set[str]) -> None:
    """What the cluster makes for a learner's object is watched as well; with no list of kinds, everything."""
    assert {kind.kind for kind in watched(made)} == seen


def test_a_lab_of_commands_watches_everything(session: Session, server: FakeApiServer) -> None:
    """Lines of kubectl are held against verbs, not kinds."""
    marks = [pytest.mark.kinds("Pod").mark, pytest.mark.commands("create").mark]

    lab = session.open(lesson.of(a_lesson, "module6", marks), "test_lines", paths.state())
    lab.place.recorder()

    assert looked_at(server, lab) == {kind.resource for kind in WATCHED}
    session.close(lab, keep=False)
