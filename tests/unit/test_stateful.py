"""A StatefulSet's order, and which of its claims go with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kindlings import objects
from kindlings.conditions import Met, NotYet, Scene, Target
from kindlings.stateful import goes_with_its_pod, goes_with_its_statefulset, out_of_order, retained
from tests.unit.fakes import ALL_PODS, pod, snapshot

if TYPE_CHECKING:
    from kindlings.recorder import Object

COUNTER: Final[dict[str, Any]] = {"kind": "StatefulSet", "metadata": {"name": "counter", "uid": "uid-s"}}
CLAIM: Final = Target(
    "PersistentVolumeClaim data-counter-0",
    "PersistentVolumeClaim",
    lambda moment: moment.all("PersistentVolumeClaim"),
)


def claim(*owners: Object) -> Object:
    """Return a claim that is owned by `owners`."""
    references = [
        {"kind": one["kind"], "name": one["metadata"]["name"], "uid": one["metadata"]["uid"]}
        for one in owners
    ]
    metadata = {"name": "data-counter-0", "uid": "uid-c", "ownerReferences": references}
    return {"kind": "PersistentVolumeClaim", "metadata": metadata, "status": {"phase": "Bound"}}


def counter(number: int, *, ready: bool = True) -> Object:
    """Return the StatefulSet's Pod of that number."""
    return pod(f"counter-{number}", ready=ready, owner=COUNTER)


def test_a_pod_knows_its_predecessor() -> None:
    """By the number of its name; the first has none, and neither has a Pod that is no StatefulSet's."""
    assert objects.predecessor(counter(10)) == "counter-9"
    assert objects.predecessor(counter(0)) == ""
    assert objects.predecessor(pod("counter-1")) == ""


def test_the_second_before_the_first_is_ready_is_out_of_order() -> None:
    """The verdict names the one that came too early."""
    moment = snapshot(counter(0, ready=False), counter(1, ready=False))
    verdict = out_of_order().check(Scene(ALL_PODS, moment))
    assert isinstance(verdict, Met)
    assert [objects.name(one) for one in verdict.objects] == ["counter-1"]


def test_the_second_after_the_first_is_in_order() -> None:
    """Also while the second is not ready yet, and while the first is alone."""
    for pods in ([counter(0, ready=False)], [counter(0), counter(1, ready=False)]):
        assert isinstance(out_of_order().check(Scene(ALL_PODS, snapshot(*pods))), NotYet)


def test_an_owned_claim_goes_with_its_statefulset() -> None:
    """And one that nobody owns stays."""
    owned, free = Scene(CLAIM, snapshot(claim(COUNTER))), Scene(CLAIM, snapshot(claim()))
    assert isinstance(goes_with_its_statefulset().check(owned), Met)
    assert isinstance(retained().check(free), Met)


def test_a_claim_is_given_time_to_be_owned() -> None:
    """The controller says whose it is a moment after it was made; a claim not yet made may still come."""
    verdict = goes_with_its_statefulset().check(Scene(CLAIM, snapshot(claim())))
    assert isinstance(verdict, NotYet)
    assert verdict.ends_after
    verdict = retained().check(Scene(CLAIM, snapshot(claim(COUNTER))))
    assert isinstance(verdict, NotYet)
    assert "StatefulSet counter" in verdict.why
    assert retained().check(Scene(CLAIM, snapshot())) == NotYet("no PersistentVolumeClaim data-counter-0")


def test_a_claim_that_goes_with_its_pod_is_told() -> None:
    """One that is the StatefulSet's, or nobody's, stays when fewer Pods are asked for."""
    verdict = goes_with_its_pod().check(Scene(CLAIM, snapshot(claim(counter(0)))))
    assert isinstance(verdict, Met)
    assert verdict.what == "it is owned by Pod counter-0 and deleted with it"
    for owners in ([COUNTER], []):
        scene = Scene(CLAIM, snapshot(claim(*owners)))
        assert goes_with_its_pod().check(scene) == NotYet("PersistentVolumeClaim data-counter-0 is Bound")
