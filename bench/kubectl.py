"""Six labs against the same steps by kubectl. Limit: 0.8 of its time, both one after the other.

kubectl's side is what a careful script does: a namespace each, apply, wait, look at what must be there, and
delete the namespace without waiting. It looks at the end of each step, where the lessons judge every moment.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import requests
import tenacity

from kindlings.cluster.up import attach

if TYPE_CHECKING:
    from collections.abc import Callable

    from kindlings.cluster.kind import Cluster

ROOT = Path(__file__).parents[1]
SOLUTIONS = ROOT / "solutions"
LESSONS = {
    "1b": "module1/test_pods.py::test_three_containers_become_ready",
    "2b": "module2/test_replicaset.py::test_a_deleted_pod_is_replaced",
    "3e": "module3/test_deployment.py::test_a_bad_image_costs_no_ready_pod",
    "5b": "module5/test_services.py::test_hello_answers_on_the_node_port",
    "6a": "module6/test_daemonset.py::test_every_node_has_one_pod",
    "7d": "module7/test_statefulset.py::test_it_comes_back_as_itself",
}
PATIENCE = "--timeout=60s"


class Script:
    """The steps of one lab in a namespace of its own."""

    def __init__(self, cluster: Cluster, lab: str) -> None:
        self.cluster = cluster
        self.namespace = f"bench-{lab}"

    def kubectl(self, *arguments: str) -> str:
        """Return what kubectl answers."""
        return self.cluster.ask(f"--namespace={self.namespace}", *arguments)

    def apply(self, file: str) -> None:
        """Apply a solution."""
        self.kubectl("apply", f"--filename={SOLUTIONS / file}")

    def names(self, selector: str = "app=counter") -> list[str]:
        """Return the names of the Pods."""
        return self.kubectl("get", "pods", f"--selector={selector}", "--output=name").split()


def lab_1b(script: Script) -> None:
    """See three containers ready."""
    script.apply("module1/multi-container.yaml")
    script.kubectl("wait", "pod/counter", "--for=condition=Ready", PATIENCE)
    found = json.loads(script.kubectl("get", "pod", "counter", "--output=json"))
    assert [one["ready"] for one in found["status"]["containerStatuses"]] == [True] * 3


def lab_2b(script: Script) -> None:
    """See a deleted Pod replaced."""
    ready = ("wait", "replicaset/counter", "--for=jsonpath={.status.readyReplicas}=3", PATIENCE)
    script.apply("module2/replicaset.yaml")
    script.kubectl(*ready)
    before = script.names()
    script.kubectl("delete", before[0])
    script.kubectl(*ready)
    assert before[0] not in script.names()


def lab_3e(script: Script) -> None:
    """See that a missing image costs no ready Pod."""
    script.apply("module3/deployment-rolling-update.yaml")
    script.kubectl("rollout", "status", "deployment/counter", PATIENCE)
    old = script.names()
    script.kubectl("set", "image", "deployment/counter", "counter=busybox:22")
    script.kubectl("wait", "deployment/counter", "--for=jsonpath={.status.updatedReplicas}=1", PATIENCE)
    (new,) = set(script.names()) - set(old)
    reason = "--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ErrImagePull"
    script.kubectl("wait", new, reason, PATIENCE)
    script.kubectl("wait", "deployment/counter", "--for=jsonpath={.status.readyReplicas}=3", PATIENCE)


def lab_5b(script: Script) -> None:
    """See GET /hello answer on the node port."""
    script.apply("module5/golang-api.yaml")
    script.apply("module5/golang-svc.yaml")
    (deployment,) = script.kubectl("get", "deployments", "--output=name").split()
    script.kubectl("rollout", "status", deployment, PATIENCE)
    address = f"http://127.0.0.1:{script.cluster.node_ports[32000]}/hello"
    # As `curl --retry-connrefused` does it: kube-proxy is a moment behind the rollout.
    asking = tenacity.Retrying(wait=tenacity.wait_fixed(0.2), stop=tenacity.stop_after_delay(30))
    assert asking(requests.get, address, timeout=10).status_code == 200


def lab_6a(script: Script) -> None:
    """See one Pod on every node."""
    script.apply("module6/daemonset.yaml")
    (daemonset,) = script.kubectl("get", "daemonsets", "--output=name").split()
    script.kubectl("rollout", "status", daemonset, PATIENCE)
    pods = json.loads(script.kubectl("get", "pods", "--output=json"))["items"]
    nodes = json.loads(script.kubectl("get", "nodes", "--output=json"))["items"]
    assert {pod["spec"]["nodeName"] for pod in pods} == {node["metadata"]["name"] for node in nodes}


def lab_7d(script: Script) -> None:
    """See a deleted Pod of a StatefulSet come back with its claim."""
    for file in ("script.yaml", "statefulset.yaml"):
        script.apply(f"module7/{file}")
    script.kubectl("rollout", "status", "statefulset/counter", PATIENCE)
    claims = script.kubectl("get", "pvc", "--output=jsonpath={.items[*].metadata.uid}")
    script.kubectl("delete", "pod", "counter-0")
    script.kubectl("rollout", "status", "statefulset/counter", PATIENCE)
    script.kubectl("wait", "pod/counter-0", "--for=condition=Ready", PATIENCE)
    assert script.kubectl("get", "pvc", "--output=jsonpath={.items[*].metadata.uid}") == claims


STEPS: dict[str, Callable[[Script], None]] = {
    "1b": lab_1b,
    "2b": lab_2b,
    "3e": lab_3e,
    "5b": lab_5b,
    "6a": lab_6a,
    "7d": lab_7d,
}


def by_kubectl(cluster: Cluster) -> float:
    """Return the seconds of all six by kubectl, and print each."""
    begun = time.perf_counter()
    for lab, steps in STEPS.items():
        start = time.perf_counter()
        script = Script(cluster, lab)
        cluster.ask("create", "namespace", script.namespace)
        try:
            steps(script)
        finally:
            cluster.ask("delete", "namespace", script.namespace, "--wait=false")
        print(f"{lab} by kubectl    {time.perf_counter() - start:5.1f} s: {steps.__doc__}", flush=True)
    taken = time.perf_counter() - begun
    for lab in STEPS:  # outside the measurement, so that a second round finds nothing of the first
        cluster.ask("wait", f"namespace/bench-{lab}", "--for=delete", PATIENCE)
    return taken


def by_lessons() -> float:
    """Return the seconds of the six lessons in one run of pytest."""
    command = [sys.executable, "-m", "pytest", "--solutions", "-q", "--durations=0"]
    start = time.perf_counter()
    finished = subprocess.run(
        [*command, *(f"exercises/{lesson}" for lesson in LESSONS.values())],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    taken = time.perf_counter() - start
    assert finished.returncode == 0, finished.stdout
    print("\n".join(line for line in finished.stdout.splitlines() if " call " in line or " setup " in line))
    return taken


def main() -> None:
    """Take turns, and print the ratio of the better ones."""
    cluster = attach()
    scripts, lessons = [], []
    for _ in range(2):
        lessons.append(by_lessons())
        scripts.append(by_kubectl(cluster))
    ratio = min(lessons) / min(scripts)
    print(f"six labs: {min(lessons):.1f} s, by kubectl {min(scripts):.1f} s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
