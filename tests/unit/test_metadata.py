"""Conditions on labels, annotations and the note of a rollout."""

from __future__ import annotations

from typing import Any

from kindlings.conditions import Met
from kindlings.metadata import CHANGE_CAUSE, annotated, change_cause, labelled
from tests.unit.fakes import pod
from tests.unit.test_rollouts import deployment, judged, moment, replicaset, why


def test_labels_are_enough_when_the_wanted_are_there() -> None:
    """Others beside them do not matter; every object of the target must carry them."""
    good, bad = pod("a", labels={"app": "x", "tier": "y"}), pod("b", labels={"app": "z"})
    assert isinstance(moment(labelled(app="x"), good), Met)
    assert why(moment(labelled(app="x"), good, bad)) == "a Pod without app; it has app=z"
    assert why(judged(labelled(app="x"), bad)) == "Pod b without app; it has app=z"
    assert why(moment(labelled(app="x"))) == "no Pod"


def test_annotations_are_no_labels() -> None:
    """Each is looked for in its own place."""
    one: Any = pod("a", labels={"contact": "me"})
    assert why(judged(annotated(contact="me"), one)) == "Pod a without contact"
    one["metadata"]["annotations"] = {"contact": "me"}
    assert isinstance(judged(annotated(contact="me"), one), Met)


def test_a_note_belongs_to_its_revision() -> None:
    """It is copied to the ReplicaSet, where kubectl rollout history reads it."""
    first: Any = replicaset(1)
    first["metadata"]["annotations"][CHANGE_CAUSE] = "first"
    found = (deployment(), first, replicaset(2, 3))
    assert isinstance(judged(change_cause(1, "first"), *found), Met)
    assert why(judged(change_cause(2, "second"), *found)) == "revision 2 with no note"
    assert why(judged(change_cause(3, "third"), *found)) == "no revision 3"
