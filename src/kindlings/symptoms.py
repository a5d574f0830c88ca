"""What ails an object, and how long it must last before nobody would wait any longer.

These are troubles that could still heal: an image may appear, a crash may pass. Each family has its rule:

| family   | seen as                                                          | ends a wait after         |
|----------|------------------------------------------------------------------|---------------------------|
| image    | ErrImagePull, ImagePullBackOff, InvalidImageName                 | 1 s without healing       |
| config   | CreateContainerConfigError, CreateContainerError, FailedMount,   | 1.5 s                     |
|          | or memory in which not even a sandbox can be made                |                           |
| pending  | the scheduler found no node, or no volume can be made as claimed | 1.5 s                     |
| creation | a controller's Pods are refused (FailedCreate)                   | 1.5 s                     |
| start    | the container's command cannot be run (RunContainerError)        | 1 s                       |
| crash    | two exits of one container with the same code, or a Failed Pod   | at once                   |
| ended    | a container that ends with exit code 0 is started again          | at once, at the second end|
| probe    | a readinessProbe that is answered with HTTP 4xx, or that asks    | 3 s                       |
|          | for a port by a name that the container has not                  |                           |
| unready  | a readinessProbe of a port on which nothing listens              | 8 s                       |
| probing  | a readinessProbe that fails otherwise                            | not: it may yet pass      |
| volume   | the provisioner failed to make a volume: ours, not the learner's | 25 s, it tries again      |
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kindlings import objects, runtimes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from kindlings.conditions import Scene
    from kindlings.recorder import Object, Snapshot

PERSISTENCE: Final = {
    "image": 1.0,
    "config": 1.5,
    "pending": 1.5,
    "creation": 1.5,
    "start": 1.0,
    "crash": 0.0,
    "ended": 0.0,
    "probe": 3.0,
    "unready": 8.0,
    "probing": 3600.0,
    "volume": 25.0,
}
"""Seconds that a symptom of the family must last; the order is from root to consequence."""

NO_CLAIM: Final = re.compile(r'persistentvolumeclaim "([^"]+)" not found')
_PASSES: Final = re.compile(r"no relationship found between node|failed to sync \w+ cache")
"""A node that has not been told yet of what a new Pod refers to: the kubelet tries again, and may.

Source: https://kubernetes.io/docs/reference/access-authn-authz/node/
"""
NO_MEMORY: Final = re.compile(
    r"OOM-killed|memory limit (could be )?too low|memory\.max|kube-api-access-.*no space left on device"
)
"""What is said of a Pod for which nothing can be started: its token, too, is kept within its memory limit."""
NO_SANDBOX: Final = "FailedCreatePodSandBox"
"""A symptom of this reason is for want of memory; any other cause is the node's, and passes."""
_LEAST_MEMORY: Final = 1 << 20
"""Bytes. Below a limit of so many no runtime starts anything, and crun has another reason for each number: no
folder for the Pod's cgroup (7 to 8k), a killed init (64k), a shim or a namespace that is gone (256k, 512Ki).
"""
_NEVER_MADE: Final = re.compile(r"storageclass.*not found|ReadWriteOnce")
"""What a provisioner says of a claim that it will never fulfil: no such class, or no such access mode.

Of local folders, kind's: https://github.com/rancher/local-path-provisioner/blob/master/provisioner.go
"""
_NEVER_PASSES: Final = re.compile(
    rf"statuscode: 4\d\d|strconv\.Atoi: parsing|{runtimes.EXEC_FAILED}.*(not found|no such file)"
)
"""How a probe ends that asks for what the program does not have, for a port by a name that no port has, or
for a command that is not in the container.

Of the name: k8s.io/kubernetes, pkg/probe/util.go.
"""
_IMAGE: Final = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}
_CONFIG: Final = {"CreateContainerConfigError", "CreateContainerError"}
_CONTROLLERS: Final = {"ReplicaSet", "Deployment", "DaemonSet", "StatefulSet"}
_START: Final = {"RunContainerError", "StartError", "ContainerCannotRun"}


@dataclass(frozen=True)
class Symptom:
    """One trouble of one object; `message` is the cluster's own."""

    family: str
    object: Object
    reason: str
    message: str
    container: str = ""
    exit_code: int | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what makes it the same trouble while its wording changes."""
        return (self.family, objects.uid(self.object), self.container)

    @property
    def persistence(self) -> float:
        """Return the seconds after which the trouble ends a wait."""
        return PERSISTENCE[self.family]


def is_starved(pod: Object) -> bool:
    """Tell whether a container of the Pod has a memory limit within which nothing can be started."""
    limits = [(one.get("resources") or {}).get("limits") or {} for one in objects.containers(pod)]
    found = [objects.quantity(one["memory"]) for one in limits if "memory" in one]
    return any(one is not None and one < _LEAST_MEMORY for one in found)


def is_of_the_node(trouble: Symptom, images: Collection[str]) -> bool:
    """Tell whether a node did not find an image of the course, which it has: it looks again, and will.

    Seen on a busy node, rarely; it is never the learner's, unless they ask for a pull each time.
    """
    return trouble.family == "image" and any(
        one.get("image") in images and one.get("imagePullPolicy") != "Always"
        for one in objects.containers(trouble.object)
        if one.get("name") == trouble.container
    )


def find(scene: Scene) -> list[Symptom]:
    """Return what ails the scene's objects, roots first."""
    found: list[Symptom] = []
    parts = [one for one in scene.target.parts(scene.snapshot) if not objects.terminating(one)]
    for one in [*scene.alive, *parts]:
        if one.get("kind") == "Pod":
            found += _of_pod(one, scene.snapshot)
        elif one.get("kind") == "PersistentVolumeClaim":
            found += _of_claim(one, scene.snapshot)
        elif one.get("kind") in _CONTROLLERS:
            found += _of_controller(one, scene.snapshot)
        elif one.get("kind") == "Service":
            for pod in objects.selected(scene.snapshot, one):
                found += [] if objects.terminating(pod) else _of_pod(pod, scene.snapshot)
    owner = scene.target.owner(scene.snapshot)
    if owner is not None:
        found += _of_controller(owner, scene.snapshot)
    order = list(PERSISTENCE)
    return sorted(found, key=lambda symptom: order.index(symptom.family))


def unserved(scene: Scene) -> str:
    """Say which part of the cluster has not even looked at the scene's objects, or nothing.

    That is never the learner's: a scheduler that refuses a Pod says so, and a kubelet that takes one, too.
    """
    owner = scene.target.owner(scene.snapshot)
    parts = [one for one in scene.target.parts(scene.snapshot) if not objects.terminating(one)]
    for one in [*scene.alive, *parts, *([owner] if owner else [])]:
        status = one.get("status") or {}
        if one.get("kind") == "Pod":
            if _has_lost_its_node(one, scene.snapshot):
                return f"node {one['spec'].get('nodeName')} of Pod {objects.name(one)} is not ready"
            if not one["spec"].get("nodeName") and not objects.condition(one, "PodScheduled"):
                return f"no scheduler has looked at Pod {objects.name(one)}"
            if one["spec"].get("nodeName") and not status.get("startTime"):
                return f"node {one['spec']['nodeName']} has not taken notice of Pod {objects.name(one)}"
            if _is_stuck(one) and not find(scene):
                node = one["spec"]["nodeName"]
                return f"node {node} has not created the containers of Pod {objects.name(one)}"
        elif one.get("kind") in _CONTROLLERS and (
            status.get("observedGeneration", 0) < one["metadata"].get("generation", 0)
        ):
            return f"no controller has looked at {objects.title(one)}"
    return ""


def _has_lost_its_node(pod: Object, snapshot: Snapshot) -> bool:
    """Tell whether the control plane has said of a Pod, and not taken back, that its node is silent.

    Source: https://github.com/kubernetes/kubernetes, pkg/controller/util/node/controller_utils.go
    """
    told = any(event.get("reason") == "NodeNotReady" for event in snapshot.events_of(objects.uid(pod)))
    return told and not objects.says_ready(pod)


def _is_stuck(pod: Object) -> bool:
    """Tell whether a node is creating containers, with no image to pull and no hook of theirs to wait for."""
    creating = [
        ((one.get("state") or {}).get("waiting") or {}).get("reason") == "ContainerCreating"
        for one in (pod.get("status") or {}).get("containerStatuses") or []
    ]
    hooks = any("postStart" in (one.get("lifecycle") or {}) for one in objects.containers(pod))
    return bool(creating) and all(creating) and not hooks


def _of_pod(pod: Object, snapshot: Snapshot) -> Iterator[Symptom]:
    scheduled = objects.condition(pod, "PodScheduled")
    if scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable":
        message = scheduled.get("message", "")
        missing = NO_CLAIM.search(message)
        # The scheduler's word stays until it tries again, also when the claim has come meanwhile.
        if missing is None or snapshot.named("PersistentVolumeClaim", missing[1]) is None:
            yield Symptom("pending", pod, "Unschedulable", message)
    for status in objects.statuses(pod):
        yield from _of_container(pod, status)
    if objects.phase(pod) == "Pending":
        yield from _of_pending(pod, snapshot)
    # A container that does not stay up is probed in vain, too; then that is the trouble.
    up = all(
        "running" in (one.get("state") or {}) and not one.get("restartCount") for one in objects.statuses(pod)
    )
    if objects.phase(pod) == "Running" and up and not objects.is_ready(pod):
        yield from _of_probes(pod, snapshot)
    if objects.phase(pod) == "Failed" and (pod.get("status") or {}).get("reason"):
        status = pod["status"]
        yield Symptom("crash", pod, status["reason"], status.get("message", ""))


def _of_pending(pod: Object, snapshot: Snapshot) -> Iterator[Symptom]:
    """Yield what keeps a Pod from being started: its claims, its mounts, its sandbox."""
    for claim in objects.claims_of(pod):
        found = snapshot.named("PersistentVolumeClaim", claim)
        yield from _of_claim(found, snapshot) if found else ()
    for event in snapshot.events_of(objects.uid(pod)):
        reason, said = event.get("reason"), event.get("message", "")
        if reason == "FailedMount" and not _PASSES.search(said):
            yield Symptom("config", pod, reason, said)
        if reason == NO_SANDBOX and (NO_MEMORY.search(said) or is_starved(pod)):
            yield Symptom("config", pod, reason, said)


def _of_probes(pod: Object, snapshot: Snapshot) -> Iterator[Symptom]:
    failed = [
        event.get("message", "")
        for event in snapshot.events_of(objects.uid(pod))
        if event.get("reason") == "Unhealthy" and "Readiness" in event.get("message", "")
    ]
    if failed:
        refused = "connection refused" in failed[-1]
        family = "probe" if _NEVER_PASSES.search(failed[-1]) else "unready" if refused else "probing"
        yield Symptom(family, pod, "Unhealthy", failed[-1])


def _of_container(pod: Object, status: dict[str, Any]) -> Iterator[Symptom]:
    name = status["name"]
    state = status.get("state") or {}
    waiting = state.get("waiting") or {}
    reason, message = waiting.get("reason", ""), waiting.get("message", "")
    if reason in _IMAGE:
        yield Symptom("image", pod, reason, message, name)
    elif reason in _CONFIG:
        yield Symptom("config", pod, reason, message, name)
    elif reason in _START:
        yield Symptom("start", pod, reason, message, name)
    last = (status.get("lastState") or {}).get("terminated")
    now = state.get("terminated")
    again = now or (last if reason == "CrashLoopBackOff" else None)
    if again is None:
        return
    code, why = again.get("exitCode", 0), again.get("reason", "")
    text = again.get("message", "")
    repeated = status.get("restartCount", 0) >= 1 and (last or again).get("exitCode") == code
    if code != 0 and (repeated or objects.phase(pod) == "Failed"):
        yield Symptom("crash", pod, why, text, name, code)
    elif code == 0 and repeated and objects.restart_policy(pod) == "Always":
        yield Symptom("ended", pod, why, text, name, code)


def _of_claim(claim: Object, snapshot: Snapshot) -> Iterator[Symptom]:
    if objects.phase(claim) == "Bound":
        return
    for event in snapshot.events_of(objects.uid(claim)):
        if event.get("reason") == "ProvisioningFailed":
            message = event.get("message", "")
            family = "pending" if _NEVER_MADE.search(message) else "volume"
            yield Symptom(family, claim, "ProvisioningFailed", message)


def _of_controller(owner: Object, snapshot: Snapshot) -> Iterator[Symptom]:
    status = owner.get("status") or {}
    if owner["kind"] != "DaemonSet" and status.get("replicas", 0) >= owner["spec"].get("replicas", 1):
        return  # the Event stays when the trouble has passed
    for event in snapshot.events_of(objects.uid(owner)):
        if event.get("reason") == "FailedCreate":
            yield Symptom("creation", owner, "FailedCreate", event.get("message", ""))
            return
