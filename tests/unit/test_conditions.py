"""Each condition's three answers: Met, NotYet with what is there, Impossible with a proof."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from kindlings import objects
from kindlings.conditions import (
    Impossible,
    Met,
    NotYet,
    Target,
    bound,
    containers_ready,
    describe_pod,
    fewer_ready_than,
    gone,
    ready,
    restarted,
    succeeded,
)
from kindlings.declared import env, env_from_field, memory_limit, mounts, mounts_from_node, native_sidecar
from kindlings.handles import Controller
from tests.unit.fakes import (
    ALL_PODS,
    claim,
    crashed,
    owner,
    pod,
    running,
    scene,
    snapshot,
    the_pod,
    waiting,
)

if TYPE_CHECKING:
    from kindlings.conditions import Condition, Verdict
    from kindlings.recorder import Object

POD = the_pod()
STARTING = pod(ready=False, phase="Pending", statuses=[waiting("ContainerCreating")])


def judged(condition: Condition, *found: Object, target: Target = POD) -> Verdict:
    """Return what `condition` says of a moment with these objects."""
    return condition.check(scene(target, *found))


@dataclass(frozen=True)
class Victim:
    """A Pod that was deleted."""

    uid: str


# ready


@pytest.mark.parametrize("there", [0, 2, 4])
def test_ready_counts_exactly(there: int) -> None:
    """ready(3) is neither two nor four."""
    found = [pod(f"n{number}") for number in range(there)]
    assert isinstance(judged(ready(3), *found, target=ALL_PODS), NotYet)


def test_ready_gives_the_pods_that_are_so() -> None:
    """The objects of the verdict are the ready Pods."""
    found = [pod("a"), pod("b")]
    verdict = judged(ready(2), *found, target=ALL_PODS)
    assert isinstance(verdict, Met)
    assert verdict.objects == found


def test_a_pod_that_is_not_ready_is_one_too_many() -> None:
    """Three ready and a fourth that starts are not three."""
    found = [pod("a"), pod("b", ready=False)]
    verdict = judged(ready(1), *found, target=ALL_PODS)
    assert verdict == NotYet("1 Pod 0/1 Running, 1 Pod 1/1 Running")


def test_a_paused_deployment_makes_no_pod() -> None:
    """Nobody need wait for the Pods of a Deployment that is paused, for longer than a change may take."""
    deployment = owner("Deployment", "web")
    target = replace(ALL_PODS, owner=lambda _: deployment)
    assert judged(ready(1), target=target) == NotYet("no Pod")
    deployment["spec"]["paused"] = True
    verdict = judged(ready(1), target=target)
    assert isinstance(verdict, NotYet)
    assert (verdict.why, verdict.ends_after) == ("Deployment web is paused", 2.0)
    assert isinstance(judged(ready(1), pod("a"), target=target), Met)


def test_terminating_pods_do_not_count() -> None:
    """A Pod that is being deleted is ready for nobody, although its status still says so."""
    assert isinstance(judged(ready(1), pod("a"), pod("b", deleted=True), target=ALL_PODS), Met)
    assert judged(ready(), pod(deleted=True)) == NotYet("Pod counter is 1/1 Terminating")


def test_the_deleted_pod_does_not_count_as_its_own_replacement() -> None:
    """`without` asks for others: neither while the victim lives, nor with its last status."""
    condition = ready(1, without=Victim("uid-a"))
    assert judged(condition, pod("a"), target=ALL_PODS) == NotYet("the deleted Pod is still there")
    assert isinstance(judged(condition, pod("a", deleted=True), target=ALL_PODS), NotYet)
    assert isinstance(judged(condition, pod("a", deleted=True), pod("b"), target=ALL_PODS), Met)
    assert isinstance(judged(condition, pod("a", uid="another"), target=ALL_PODS), Met)


def test_an_ended_pod_will_never_be_ready() -> None:
    """A terminal phase is never left, but among several a controller makes others."""
    ended = pod(ready=False, phase="Failed", policy="Never")
    assert judged(ready(), ended) == Impossible("Pod counter has ended: Failed")
    assert isinstance(judged(ready(1), ended, target=ALL_PODS), NotYet)


def test_nothing_there_is_called_so() -> None:
    """What is not there is named, by kind where several are meant."""
    assert judged(ready()) == NotYet("no Pod counter")
    assert judged(ready(2), target=ALL_PODS) == NotYet("no Pod")


# containers_ready


def test_containers_ready_is_the_ready_column() -> None:
    """1/1 is met, 0/1 is not yet."""
    assert isinstance(judged(containers_ready(1), pod()), Met)
    assert judged(containers_ready(1), STARTING) == NotYet("Pod counter is 0/1 ContainerCreating")


def test_two_containers_never_become_three() -> None:
    """The containers of a Pod are fixed when it is made."""
    two = pod(containers=("a", "b"), ready=False)
    assert judged(containers_ready(3), two) == Impossible("Pod counter has 2 containers, not 3")
    one = pod()
    assert judged(containers_ready(3), one) == Impossible("Pod counter has 1 container, not 3")


def test_a_native_sidecar_is_a_container_and_another_init_container_is_none() -> None:
    """READY counts sidecars, as kubectl does, and no init container that has ended."""
    init = [{"name": "side", "restartPolicy": "Always"}, {"name": "setup"}]
    both = pod(init=init)
    both["status"]["initContainerStatuses"] = [running("side"), running("setup")]
    assert isinstance(judged(containers_ready(2), both), Met)


def test_ready_containers_of_a_pod_that_is_not_ready_are_not_enough() -> None:
    """The Pod's own condition has the last word, and terminating is not ready."""
    stale = pod(ready=False, statuses=[running()])
    assert isinstance(judged(containers_ready(1), stale), NotYet)
    assert isinstance(judged(containers_ready(1), pod(deleted=True)), NotYet)


def test_containers_of_an_ended_pod_never_become_ready() -> None:
    """Ended for good."""
    ended = pod(ready=False, phase="Succeeded", policy="Never")
    assert isinstance(judged(containers_ready(1), ended), Impossible)


# succeeded, restarted, gone, bound, fewer_ready_than


def test_success_is_a_phase() -> None:
    """Succeeded is met, Failed can never be, Running with restartPolicy Never is not yet."""
    assert isinstance(judged(succeeded(), pod(phase="Succeeded", policy="Never")), Met)
    failed = judged(succeeded(), pod(phase="Failed", policy="Never"))
    assert failed == Impossible("Pod counter has Failed")
    assert isinstance(judged(succeeded(), pod(policy="OnFailure")), NotYet)


def test_a_pod_that_is_always_restarted_never_ends() -> None:
    """That is known as soon as the Pod is there."""
    verdict = judged(succeeded(), STARTING)
    assert verdict == Impossible("Pod counter has restartPolicy Always and can never end")


def test_a_restart_is_done_when_the_container_runs_again() -> None:
    """The count alone is not enough, and one restart is not two."""
    assert isinstance(judged(restarted(), pod(statuses=[running(restarts=1)])), Met)
    assert isinstance(judged(restarted(), pod(statuses=[running(restarts=0)])), NotYet)
    assert isinstance(judged(restarted(), pod(statuses=[crashed(1)])), NotYet)
    assert isinstance(judged(restarted(2), pod(statuses=[running(restarts=1)])), NotYet)
    assert isinstance(judged(restarted(), pod(phase="Failed", statuses=[crashed(1, restarts=0)])), Impossible)
    assert restarted(2).describe(POD) == "a container of Pod counter restarted 2 times and running"
    assert "crash" in restarted().tolerates


def test_gone_is_not_terminating() -> None:
    """A Pod that is being deleted is still there."""
    assert judged(gone(), pod(deleted=True)) == NotYet("Pod counter is 1/1 Terminating")
    assert judged(gone()) == Met([])
    assert judged(gone(), pod("another")) == Met([])
    assert gone().describe(POD) == "no Pod counter"
    assert gone().describe(ALL_PODS) == "no Pod"


def test_a_claim_is_bound_or_pending() -> None:
    """Bound is a phase of the claim."""
    target = Target(
        "PersistentVolumeClaim dok", "PersistentVolumeClaim", lambda now: now.all("PersistentVolumeClaim")
    )
    assert isinstance(judged(bound(), claim(phase="Bound"), target=target), Met)
    assert judged(bound(), claim(), target=target) == NotYet("PersistentVolumeClaim dok is Pending")
    assert bound().describe(target) == "PersistentVolumeClaim dok Bound to a volume"


def test_fewer_ready_counts_neither_terminating_nor_starting_pods() -> None:
    """What users could reach is counted."""
    found = [pod("a"), pod("b", deleted=True), pod("c", ready=False)]
    assert judged(fewer_ready_than(2), *found, target=ALL_PODS) == Met([found[0]], what="1 Pod ready")
    assert judged(fewer_ready_than(1), *found, target=ALL_PODS) == NotYet("1 ready")


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (ready(), "Pod counter ready"),
        (containers_ready(3), "Pod counter with 3/3 containers ready"),
        (succeeded(), "Pod counter run to its end: phase Succeeded"),
        (restarted(), "a container of Pod counter restarted once and running"),
        (env("NAME", "Ali"), "Pod counter to have the environment variable NAME = Ali"),
        (memory_limit("1Gi"), "Pod counter to have the memory limit 1Gi"),
        (mounts("/data", claim="dok"), "Pod counter to have mounted at /data the PersistentVolumeClaim dok"),
        (
            env_from_field("NODE", "spec.nodeName"),
            "Pod counter to have the environment variable NODE from the field spec.nodeName",
        ),
        (
            mounts_from_node("/app", folder="/var/x"),
            "Pod counter to have mounted at /app its node's folder /var/x",
        ),
        (native_sidecar("logs"), "Pod counter with the native sidecar logs, running"),
    ],
)
def test_a_condition_describes_itself(condition: Condition, words: str) -> None:
    """In words that follow "expected"."""
    assert condition.describe(POD) == words


def test_several_pods_are_described_by_their_number() -> None:
    """Exactly so many, and what became of the deleted one."""
    pods = "the Pods with app=counter"
    assert ready(1).describe(ALL_PODS) == f"exactly 1 ready Pod among {pods}"
    without = ready(3, without=Victim("x"))
    assert without.describe(ALL_PODS) == f"exactly 3 ready Pods among {pods}, the deleted one replaced"


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (pod(), "1/1 Running"),
        (STARTING, "0/1 ContainerCreating"),
        (
            pod(containers=("a", "b"), statuses=[running("a"), waiting("ErrImagePull", name="b")]),
            "1/2 ErrImagePull",
        ),
        (pod(deleted=True), "1/1 Terminating"),
        (pod(ready=False, phase="Succeeded"), "0/1 Succeeded"),
    ],
)
def test_a_pods_state_is_said_as_kubectl_does(one: Object, words: str) -> None:
    """READY, then what keeps it from being so."""
    assert describe_pod(one) == words


def test_an_evicted_pod_says_so() -> None:
    """The status' own reason comes before the phase."""
    evicted = pod(ready=False, phase="Failed")
    evicted["status"]["reason"] = "Evicted"
    assert describe_pod(evicted) == "0/1 Evicted"


# Whose Pods.


def test_pods_are_owned_by_uid_and_not_by_label() -> None:
    """Neither the same labels nor an owner of the same name make a Pod the controller's."""
    mine, namesake = owner("ReplicaSet", "web", "new"), owner("ReplicaSet", "web", "old")
    labels = {"app": "web"}
    own = pod("a", owner=mine, labels=labels, deleted=True)
    now = snapshot(mine, own, pod("b", labels=labels), pod("c", owner=namesake, labels=labels))
    assert objects.owned_by(now, "Pod", mine) == [own]
    assert objects.owned_by(now, "Pod", None) == []


def test_a_deployments_pods_are_those_of_its_replicasets() -> None:
    """Old and new ReplicaSets both, and nobody else's."""
    web, other = owner("Deployment", "web"), owner("Deployment", "other")
    old, new = owner("ReplicaSet", "web-1", owned_by=web), owner("ReplicaSet", "web-2", owned_by=web)
    foreign = owner("ReplicaSet", "other-1", owned_by=other)
    pods = [pod("a", owner=old), pod("b", owner=new), pod("c", owner=foreign), pod("d")]
    now = snapshot(web, other, old, new, foreign, *pods)
    target = Controller(None, "Deployment", "web").pods.target  # type: ignore[arg-type] # no lab is asked
    assert target.select(now) == pods[:2]
    assert target.owner(now) == web
    assert target.plural
