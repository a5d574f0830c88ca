"""What mutants of the course have taught about causes: the line that was changed is the one that is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kindlings import explain, symptoms
from kindlings.conditions import succeeded
from kindlings.declared import env, env_from_field
from kindlings.explain.sources import Sources
from kindlings.waiting import Unmet
from tests.unit.fakes import claim, crashed, document, event, pod, running, scene, the_pod, unscheduled

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.conditions import Condition
    from kindlings.recorder import Object

POD = """\
kind: Pod
metadata:
  name: counter
spec:
  restartPolicy: Never
  containers:
    - name: count
      image: kindlings/web:1.0
      args: [/bin/sh, -c, date]
      resources: {limits: {memory: 7}}
      env:
        - name: NAEM
          value: Ali
        - name: NODE
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
apiVersion: v1
"""
CLAIM = """\
kind: PersistentVolumeClaim
metadata:
  name: dko
"""


def because(folder: Path, condition: Condition, *found: Object, proved: bool = False) -> str:
    """Return the because line where the Pod does not become what was awaited."""
    now = scene(the_pod(), *found)
    sources = Sources(
        [document(folder, POD, "pod.yaml"), document(folder, CLAIM, "claim.yaml")],
        "lab",
        ["kindlings/web:1.0"],
    )
    verdict = Unmet(condition, the_pod(), "that", "this", now.snapshot, symptoms.find(now), proved=proved)
    return explain.unmet(verdict, sources).findings.because


def test_a_pod_that_failed_is_not_kept_from_its_end_by_its_policy(tmp_path: Path) -> None:
    """With restartPolicy Never the exit is the cause, and an image that cannot have the program is named."""
    failed = pod(phase="Failed", policy="Never", statuses=[crashed(1, reason="Error")])
    failed["status"]["containerStatuses"][0]["state"] = {"terminated": {"exitCode": 1, "reason": "Error"}}
    told = because(tmp_path, succeeded(), failed, proved=True)
    assert told.startswith("container count ends with exit code 1 (pod.yaml:9)")
    assert told.endswith("; kindlings/web:1.0 (pod.yaml:8) has no /bin/sh: it holds one program and no shell")


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (env("NAME", "Ali"), "env (pod.yaml:11) has NAEM (pod.yaml:12), NODE (pod.yaml:14)"),
        (env("NAEM", "Ada"), "NAEM is set there (pod.yaml:13)"),
        (env_from_field("NODE", "spec.nodeName"), "NODE is set there (pod.yaml:17)"),
    ],
)
def test_a_variable_is_told_by_its_own_line(tmp_path: Path, condition: Condition, told: str) -> None:
    """By the line of its value, or by those of the names that are there instead."""
    assert because(tmp_path, condition, pod(), proved=True) == told


def test_memory_in_which_nothing_starts_is_the_learners(tmp_path: Path) -> None:
    """A sandbox that was killed for want of memory leads to the limit, and is no trouble of the cluster's."""
    one = pod(ready=False, phase="Pending", statuses=[])
    why = "failed to create containerd task: container init was OOM-killed (memory limit too low?)"
    told = because(tmp_path, succeeded(), one, event(one, "FailedCreatePodSandBox", why))
    limit = "a memory limit of 7 bytes (pod.yaml:10): write a unit, as in 512Mi or 1Gi"
    assert told == f"nothing can be started within {limit}"
    volume = 'MountVolume.SetUp failed for volume "kube-api-access-7rssx" : '
    mount = event(one, "FailedMount", f"{volume}write /var/lib/x/token: no space left on device")
    assert because(tmp_path, succeeded(), one, mount) == told
    other = event(one, "FailedCreatePodSandBox", "network is not ready")
    assert because(tmp_path, succeeded(), one, other) == ""
    one["spec"]["containers"][0]["resources"] = {"limits": {"memory": "7"}}
    gone = event(one, "FailedCreatePodSandBox", "creating cgroup directory `/x`: No such file or directory")
    assert because(tmp_path, succeeded(), one, gone) == told
    one["spec"]["containers"][0]["resources"] = {"limits": {"memory": "1Mi"}}
    assert because(tmp_path, succeeded(), one, gone) == ""


def test_memory_in_which_a_container_does_not_start_is_told(tmp_path: Path) -> None:
    """The runtime's own words are about what was killed while it was being made, and differ each time."""
    said = "OCI runtime create failed: open `/proc/444628/ns/ipc`: No such file or directory: unknown"
    one = pod(phase="Failed", policy="Never", statuses=[crashed(128, reason="StartError")])
    ended = {"exitCode": 128, "reason": "StartError", "message": said}
    one["status"]["containerStatuses"][0]["state"] = {"terminated": ended}
    one["spec"]["containers"][0]["resources"] = {"limits": {"memory": "512Ki"}}
    told = "nothing can be started within a memory limit of 7 bytes (pod.yaml:10): write a unit"
    assert because(tmp_path, succeeded(), one).startswith(f"container count could not be started: {told}")


def test_a_claim_under_another_name_is_told_with_both_lines(tmp_path: Path) -> None:
    """The claim that is there has its line, too."""
    pending = unscheduled('persistentvolumeclaim "dok" not found')
    assert because(tmp_path, succeeded(), pending, claim("dko")).endswith("; there is dko (claim.yaml:3)")


def test_what_ails_another_container_is_told_before_what_one_lacks(tmp_path: Path) -> None:
    """A container that reads what another writes waits in vain where that one crashes."""
    one = pod(ready=False, containers=("count", "reader"), statuses=[crashed(2), running("reader")])
    sources = Sources([document(tmp_path, POD, "pod.yaml")], "lab")
    moment = scene(the_pod(), one).snapshot
    told = explain.beside(the_pod(), "reader", sources, moment)
    assert told.startswith("container count ends with exit code 2 (pod.yaml:9)")
    assert explain.beside(the_pod(), "count", sources, moment) == ""
