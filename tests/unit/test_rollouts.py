"""Conditions on rollouts: by what the controller says, and by whose Pods are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kindlings import objects, symptoms
from kindlings.conditions import Met, NotYet, Scene, Target, Verdict
from kindlings.rollouts import (
    DEADLINE,
    REVISION,
    deadline_exceeded,
    mixed_images,
    more_than,
    owned_through,
    revisions,
    rolled_out,
    rollout_stalled,
    versions,
)
from tests.unit.fakes import ALL_PODS, pod, snapshot, waiting

if TYPE_CHECKING:
    from kindlings.conditions import Condition
    from kindlings.recorder import Object

PULLING = [waiting("ImagePullBackOff", "not found")]


def deployment(
    *, seen: int = 2, revision: int = 2, status: dict[str, Any] | None = None, **spec: Any
) -> Object:
    """Return Deployment counter of three replicas, changed once, by default rolled out."""
    counts = {"replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3}
    return {
        "kind": "Deployment",
        "metadata": {
            "name": "counter",
            "uid": "uid-d",
            "generation": 2,
            "annotations": {REVISION: str(revision)},
        },
        "spec": {"replicas": 3, **spec},
        "status": {"observedGeneration": seen, **(counts if status is None else status)},
    }


def replicaset(revision: int, size: int = 0) -> Object:
    """Return the Deployment's ReplicaSet of that revision."""
    return {
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"counter-{revision}",
            "uid": f"uid-rs{revision}",
            "annotations": {REVISION: str(revision)},
            "ownerReferences": [{"kind": "Deployment", "uid": "uid-d", "controller": True}],
        },
        "spec": {"replicas": size},
        "status": {"replicas": size},
    }


def pods(revision: int, count: int, **fields: Any) -> list[Object]:
    """Return `count` Pods of the Deployment's revision."""
    made_by = replicaset(revision)
    return [pod(f"r{revision}-{number}", owner=made_by, **fields) for number in range(count)]


def judged(condition: Condition, *found: Object) -> Verdict:
    """Return what `condition` says of the first object at a moment with all of them."""
    kind, name = found[0]["kind"], objects.name(found[0])

    def select(moment: Any) -> list[Object]:
        one = moment.named(kind, name)
        return [one] if one else []

    return condition.check(Scene(Target(f"{kind} {name}", kind, select), snapshot(*found)))


def moment(condition: Condition, *found: Object) -> Verdict:
    """Return what `condition` says of all Pods at a moment."""
    return condition.check(Scene(ALL_PODS, snapshot(*found)))


def why(verdict: Verdict) -> str:
    """Return what a verdict that is not yet met says."""
    assert isinstance(verdict, NotYet)
    return verdict.why


SETS = (replicaset(1), replicaset(2, 3))


def test_a_deployment_is_rolled_out_by_its_count_and_its_pods() -> None:
    """Three updated, three ready, three there, and the three Pods are of the newest revision."""
    assert isinstance(judged(rolled_out(), deployment(), *SETS, *pods(2, 3)), Met)


def test_a_status_of_an_earlier_spec_says_nothing() -> None:
    """All numbers fit, but the controller has not seen the change."""
    assert "not looked yet" in why(judged(rolled_out(), deployment(seen=1), *SETS, *pods(2, 3)))


def test_an_old_pod_is_one_too_many() -> None:
    """The old Pod may be seen later than the Deployment's own status; it must have gone."""
    assert "3 ready" in why(judged(rolled_out(), deployment(), *SETS, *pods(2, 3), *pods(1, 1)))


def test_terminating_pods_are_left_out() -> None:
    """A Pod that is on its way out holds nothing up, as for kubectl rollout status."""
    assert isinstance(judged(rolled_out(), deployment(), *SETS, *pods(2, 3), *pods(1, 1, deleted=True)), Met)


def test_a_half_done_rollout_says_how_far_it_is() -> None:
    """The numbers are kubectl's."""
    counts = {"replicas": 4, "updatedReplicas": 2, "availableReplicas": 3}
    verdict = judged(rolled_out(), deployment(status=counts), *SETS, *pods(2, 2), *pods(1, 2))
    assert why(verdict) == "2 of 3 Pods updated, 3 ready, 4 there in all"


def test_a_paused_deployment_is_not_awaited() -> None:
    """Nobody is about to resume it."""
    verdict = judged(rolled_out(), deployment(paused=True), *SETS, *pods(1, 3))
    assert isinstance(verdict, NotYet)
    assert verdict.ends_after


def test_a_rollout_on_bad_pods_names_their_trouble() -> None:
    """The new Pod's state is said, not only numbers."""
    counts = {"replicas": 4, "updatedReplicas": 1, "availableReplicas": 3}
    new = pods(2, 1, ready=False, phase="Pending", statuses=PULLING)
    verdict = judged(rolled_out(), deployment(status=counts), *SETS, *pods(1, 3), *new)
    assert why(verdict) == "1 of 3 Pods updated; the new one is ErrImagePull"


def daemonset(strategy: str = "RollingUpdate", **status: int) -> Object:
    """Return a DaemonSet of two nodes at its second template."""
    return {
        "kind": "DaemonSet",
        "metadata": {
            "name": "agent",
            "uid": "uid-ds",
            "generation": 2,
            "annotations": {"deprecated.daemonset.template.generation": "2"},
        },
        "spec": {"updateStrategy": {"type": strategy}},
        "status": {"observedGeneration": 2, "desiredNumberScheduled": 2, **status},
    }


def test_a_daemonset_is_rolled_out_by_its_nodes() -> None:
    """One updated Pod on every node that takes one, all available."""
    agent = daemonset(updatedNumberScheduled=2, numberAvailable=2)
    found = [pod(f"a{one}", owner=agent, labels={"pod-template-generation": "2"}) for one in (1, 2)]
    assert isinstance(judged(rolled_out(), agent, *found), Met)
    assert isinstance(
        judged(rolled_out(), daemonset(updatedNumberScheduled=1, numberAvailable=2), *found), NotYet
    )


def agents(*written: tuple[int, str]) -> list[Object]:
    """Return a Pod of the DaemonSet for each template generation and revision hash."""
    return [
        pod(
            f"a{number}",
            owner=daemonset(),
            labels={"pod-template-generation": str(generation), "controller-revision-hash": revision},
        )
        for number, (generation, revision) in enumerate(written)
    ]


@pytest.mark.parametrize("found", [agents((2, "a"), (1, "a")), agents((1, "a"), (1, "a"))])
def test_a_daemonset_that_was_rolled_back_keeps_pods(found: list[Object]) -> None:
    """What ran the earlier version all along is of the newest, whatever its template's number."""
    agent = daemonset(updatedNumberScheduled=2, numberAvailable=2)
    assert isinstance(judged(rolled_out(), agent, *found), Met)


def test_a_daemonsets_old_pods_have_another_hash() -> None:
    """One node is done, the other is not."""
    agent, found = daemonset(updatedNumberScheduled=1), agents((2, "b"), (1, "a"))
    new, old = versions(agent, snapshot(agent, *found))
    assert [objects.name(one) for one in (*new, *old)] == ["a0", "a1"]


def test_on_delete_waits_for_somebody() -> None:
    """With OnDelete old Pods stay until they are deleted, which is said."""
    agent = daemonset("OnDelete", updatedNumberScheduled=0, numberAvailable=2)
    found = [pod(f"a{one}", owner=agent, labels={"pod-template-generation": "1"}) for one in (1, 2)]
    assert "until somebody deletes 2 old Pods" in why(judged(rolled_out(), agent, *found))


def statefulset(partition: int, **status: int) -> Object:
    """Return a StatefulSet of three replicas at revision b."""
    return {
        "kind": "StatefulSet",
        "metadata": {"name": "db", "uid": "uid-ss", "generation": 1},
        "spec": {"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": partition}}},
        "status": {"observedGeneration": 1, "updateRevision": "b", **status},
    }


@pytest.mark.parametrize(("partition", "met"), [(0, False), (1, False), (2, True)])
def test_a_partition_keeps_pods_back(partition: int, *, met: bool) -> None:
    """One of three updated is all that partition 2 asks for."""
    counts = {"replicas": 3, "updatedReplicas": 1, "availableReplicas": 3}
    one = statefulset(partition, **counts)
    found = [
        pod(f"db-{number}", owner=one, labels={"controller-revision-hash": "b" if number == 2 else "a"})
        for number in range(3)
    ]
    assert isinstance(judged(rolled_out(), one, *found), Met) is met


def test_a_stalled_rollout_has_new_pods_in_trouble_and_old_ones_ready() -> None:
    """That is what a bad image comes to under maxUnavailable 0."""
    new = pods(2, 1, ready=False, phase="Pending", statuses=PULLING)
    assert isinstance(judged(rollout_stalled(), deployment(status={}), *SETS, *pods(1, 3), *new), Met)


def test_a_stall_without_old_pods_is_an_outage() -> None:
    """Nothing is ready any more: that is not what is awaited, and does not heal."""
    new = pods(2, 3, ready=False, phase="Pending", statuses=PULLING)
    verdict = judged(rollout_stalled(), deployment(status={}), *SETS, *new)
    assert "no old Pod ready any more" in why(verdict)


def test_a_rollout_that_went_through_is_not_stalled() -> None:
    """The image was there after all."""
    assert "gone through" in why(judged(rollout_stalled(), deployment(), *SETS, *pods(2, 3)))


def test_a_rollout_past_its_deadline_is_stalled() -> None:
    """Also where the new Pods are not in trouble, but never ready."""
    gave_up = {"conditions": [{"type": "Progressing", "reason": DEADLINE}]}
    new = pods(2, 1, ready=False)
    assert isinstance(judged(rollout_stalled(), deployment(status=gave_up), *SETS, *pods(1, 3), *new), Met)


def test_the_deadline_is_that_of_the_manifest() -> None:
    """The default of ten minutes is not awaited; a short one that has passed is met."""
    assert "600 s" in why(judged(deadline_exceeded(10), deployment()))
    gave_up = {"conditions": [{"type": "Progressing", "reason": DEADLINE}]}
    assert isinstance(
        judged(deadline_exceeded(10), deployment(progressDeadlineSeconds=5, status=gave_up)), Met
    )
    assert "nothing yet" in why(judged(deadline_exceeded(10), deployment(progressDeadlineSeconds=5)))


def test_revisions_are_replicasets_of_which_only_the_newest_has_pods() -> None:
    """Two versions, the old one at 0."""
    assert isinstance(judged(revisions(2), deployment(), *SETS), Met)
    assert why(judged(revisions(2), deployment(), SETS[1])) == "revision 2 with 3 Pods"
    assert isinstance(judged(revisions(2), deployment(), replicaset(1, 1), SETS[1]), NotYet)


def test_more_than_counts_what_is_not_terminating() -> None:
    """A surge is of living Pods."""
    found = [*pods(1, 3), *pods(2, 1)]
    assert isinstance(moment(more_than(3), *found), Met)
    assert isinstance(moment(more_than(3), *found[:3], *pods(2, 1, deleted=True)), NotYet)


def test_mixed_images_counts_terminating_pods_and_not_ended_ones() -> None:
    """An old Pod that is on its way out still works; a record of one does not."""
    old, new = pods(1, 1, deleted=True)[0], pods(2, 1)[0]
    old["spec"]["containers"][0]["image"], new["spec"]["containers"][0]["image"] = "a", "b"
    assert isinstance(moment(mixed_images(), old, new), Met)
    old["status"]["phase"] = "Succeeded"
    assert isinstance(moment(mixed_images(), old, new), NotYet)


def test_a_chain_of_owners_is_followed_to_its_end() -> None:
    """A Pod of a Deployment belongs to a ReplicaSet, and that to the Deployment."""
    found = pods(2, 1)
    assert isinstance(moment(owned_through("ReplicaSet", "Deployment"), *found, *SETS, deployment()), Met)
    verdict = moment(owned_through("ReplicaSet", "Deployment"), *found, *SETS)
    assert why(verdict) == "Pod r2-0 is owned by ReplicaSet counter-2"
    assert "nobody" in why(moment(owned_through("ReplicaSet"), pod("bare")))


def test_troubles_of_a_controllers_pods_are_its_own() -> None:
    """Waiting for the Deployment ends when its Pod's image is missing."""
    bad = pods(2, 1, ready=False, phase="Pending", statuses=PULLING)
    target = Target("Deployment counter", "Deployment", lambda _: [deployment()], parts=lambda _: bad)
    found = symptoms.find(Scene(target, snapshot(deployment(), *bad)))
    assert [one.family for one in found] == ["image"]


def test_versions_leave_out_what_terminates() -> None:
    """New and old, each without terminating Pods."""
    here = snapshot(deployment(), *SETS, *pods(2, 1), *pods(1, 2, deleted=True))
    new, old = versions(deployment(), here)
    assert [objects.name(one) for one in new] == ["r2-0"]
    assert old == []
