"""Experiments with Pods: who chooses a node for a new one, and who replaces a deleted one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

from kindlings import objects
from kindlings.cluster.api import KINDS
from kindlings.cluster.images import course_images
from kindlings.experiments.bench import PATIENCE, Bench, Seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from kindlings.recorder import Object, Snapshot


class NewPod:
    """A new Pod that asks for no node."""

    job = "chooses a node for each new Pod"
    act = "a new Pod"
    outcomes: ClassVar = {
        "runs": "it runs",
        "gets-no-node": "it stays Pending and has no node",
        "is-not-started": "it stays Pending on its node",
    }
    sought = "gets-no-node"
    read = "https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/"

    def before(self, bench: Bench) -> None:
        """See a Pod run."""
        started = time.monotonic()
        bench.create("Pod", "before", pod_spec())
        bench.demand(running("before"), "a new Pod did not run")
        bench.usual = time.monotonic() - started

    def during(self, bench: Bench) -> Seen:
        """Create another one and see how far it gets."""
        bench.create("Pod", "probe", pod_spec())
        runs = bench.until(running("probe"), bench.window)
        if runs is None and bench.until(_taken_up("probe"), 0) is not None:
            runs = bench.until(running("probe"), PATIENCE)  # its kubelet is at work on it
        if runs is not None:
            return Seen("runs", "the new Pod got a node and runs")
        pod = bench.recorder.snapshot().named("Pod", "probe") or {}
        if (pod.get("spec") or {}).get("nodeName"):
            return Seen(
                "is-not-started", "the new Pod got its node at once, and nobody started it there: Pending"
            )
        return Seen("gets-no-node", "the new Pod stays Pending and has no node")

    def after(self, bench: Bench) -> None:
        """See the Pod that waited run."""
        bench.demand(running("probe"), "the Pod that had waited did not run afterwards")


class DeletedPod:
    """A Pod of a ReplicaSet that is deleted."""

    job = "keeps the number of a ReplicaSet's Pods"
    act = "a deleted Pod of a ReplicaSet"
    outcomes: ClassVar = {
        "is-replaced": "another Pod is made in its place",
        "is-not-replaced": "no other Pod is made",
        "starts-again": "the same Pod runs again",
    }
    sought = "is-not-replaced"
    read = "https://kubernetes.io/docs/concepts/architecture/controller/"

    def before(self, bench: Bench) -> None:
        """See a ReplicaSet make its Pod."""
        labels = {"app": "probe"}
        template = {"metadata": {"labels": labels}, "spec": pod_spec()}
        started = time.monotonic()
        spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
        bench.create("ReplicaSet", "probe", spec)
        bench.demand(_other_than(""), "a ReplicaSet made no Pod")
        bench.usual = time.monotonic() - started
        bench.demand(_any_running, "the Pod of a ReplicaSet did not run")

    def during(self, bench: Bench) -> Seen:
        """Delete the Pod, and look for another one."""
        (victim,) = bench.recorder.snapshot().all("Pod")
        self.victim = objects.uid(victim)
        bench.admin.delete(KINDS["Pod"].path(bench.namespace, objects.name(victim)))
        if bench.until(_other_than(self.victim), bench.window):
            return Seen("is-replaced", "the ReplicaSet made another Pod at once")
        return Seen("is-not-replaced", "the ReplicaSet asks for 1 Pod, and no other one was made")

    def after(self, bench: Bench) -> None:
        """See the replacement made."""
        bench.demand(_other_than(self.victim), "the deleted Pod was not replaced afterwards")


def pod_spec(*command: str) -> dict[str, Any]:
    """Return the spec of a Pod that runs `command`, by default one that only waits."""
    container = {
        "name": "main",
        "image": course_images()[0],
        "command": list(command or ("sleep", "3600")),
        "imagePullPolicy": "IfNotPresent",
    }
    return {"containers": [container], "terminationGracePeriodSeconds": 1, "enableServiceLinks": False}


def running(name: str) -> Callable[[Snapshot], Object | None]:
    """Look for the Pod of that name, ready."""

    def look(snapshot: Snapshot) -> Object | None:
        pod = snapshot.named("Pod", name)
        return pod if pod and objects.is_ready(pod) else None

    return look


def _any_running(snapshot: Snapshot) -> Object | None:
    return next((pod for pod in snapshot.all("Pod") if objects.is_ready(pod)), None)


def _taken_up(name: str) -> Callable[[Snapshot], Object | None]:
    """Look whether a kubelet has said a word about the Pod."""

    def look(snapshot: Snapshot) -> Object | None:
        pod = snapshot.named("Pod", name)
        return pod if pod and (pod.get("status") or {}).get("startTime") else None

    return look


def _other_than(uid: str) -> Callable[[Snapshot], Object | None]:
    return lambda snapshot: next((pod for pod in snapshot.all("Pod") if objects.uid(pod) != uid), None)
