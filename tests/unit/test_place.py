"""The cluster that is graded on: which of its nodes have gone silent, by their leases or their own word."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from kindlings.cluster.api import Refusal
from kindlings.grading import place
from kindlings.grading.place import Place
from kindlings.grading.trusted import Target
from tests.unit.test_grade_command import QUIET

if TYPE_CHECKING:
    from collections.abc import Collection


class Cluster:
    """Stands for an API server: nodes by name with whether they are ready, and who renews its lease."""

    def __init__(self, **ready: bool) -> None:
        self.ready = ready
        self.renew: Collection[str] = tuple(ready)
        self.refused = ""
        self._clock = itertools.count()

    def get(self, path: str) -> dict[str, Any]:
        """Answer for the version, the nodes and the leases."""
        if self.refused and path.endswith(self.refused):
            raise Refusal(403, {"reason": "Forbidden"})
        if path.endswith("/leases"):
            now = str(next(self._clock))
            renewed = {name: now if name in self.renew else "0" for name in self.ready}
            return {
                "items": [{"metadata": {"name": n}, "spec": {"renewTime": t}} for n, t in renewed.items()]
            }
        if path.endswith("/nodes"):
            return {"items": [_node(name, ready=ready) for name, ready in self.ready.items()]}
        return {"gitVersion": "v1"}


def _lease(name: str, renewed: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"renewTime": renewed}}


def _node(name: str, *, ready: bool) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "status": {"conditions": [{"type": "Ready", "status": "True" if ready else "Unknown"}]},
    }


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for leases but once more."""
    monkeypatch.setattr(place, "_SILENCE", 0.0)


def at(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Return the place that is connected to it."""
    monkeypatch.setattr(place, "_connected", lambda _target, _progress: cluster)
    return Place(Target(), QUIET)


@pytest.mark.usefixtures("impatient")
def test_a_node_whose_lease_stands_still_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the control plane, which waits for 40 seconds and more, still calls it ready."""
    cluster = Cluster(one=True, two=True)
    asked = at(cluster, monkeypatch)
    assert asked.silent_nodes() == []
    cluster.renew = ("one",)
    assert asked.silent_nodes() == ["two"]


@pytest.mark.usefixtures("impatient")
def test_a_node_that_was_never_ready_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No Pod was there: the scheduler leaves it out."""
    cluster = Cluster(one=True, two=False)
    cluster.renew = ("one",)
    assert at(cluster, monkeypatch).silent_nodes() == []


@pytest.mark.parametrize("refused", ["/leases", "/nodes"])
@pytest.mark.usefixtures("impatient")
def test_what_this_user_may_not_read_is_left_out(monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    """Without leases a node's own word counts; without nodes there is none to be missed."""
    cluster = Cluster(one=True, two=True)
    cluster.refused = refused
    asked = at(cluster, monkeypatch)
    cluster.ready["two"] = False
    assert asked.silent_nodes() == (["two"] if refused == "/leases" else [])
