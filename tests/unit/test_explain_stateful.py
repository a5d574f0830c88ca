"""What a StatefulSet waits for, what is mounted where, and where a script stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kindlings.conditions import Target, ready
from kindlings.explain import stateful
from kindlings.explain.sources import Sources
from kindlings.waiting import Unmet
from tests.unit.fakes import claim, document, pod, snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.manifests import Document
    from kindlings.recorder import Object

SCRIPT = """\
kind: ConfigMap
metadata:
  name: script
data:
  count.sh: |
    echo 1
"""
STATEFULSET = """\
kind: StatefulSet
metadata:
  name: counter
spec:
  template:
    spec:
      containers:
        - name: counter
          command: [/bin/sh, /script/count.sh]
          volumeMounts:
            - {name: script, mountPath: /script}
            - {name: data, mountPath: /app}
            - {name: dok, mountPath: /dok}
            - {name: cach, mountPath: /cache}
      volumes:
        - name: script
          configMap: {name: script}
        - name: dok
          persistentVolumeClaim: {claimName: shared}
  volumeClaimTemplates:
    - metadata: {name: data}
"""


def sources(folder: Path) -> tuple[Document, Sources]:
    """Return the StatefulSet, and both files."""
    one = document(folder, STATEFULSET, "statefulset.yaml")
    return one, Sources([document(folder, SCRIPT, "script.yaml"), one], "lab")


def waits_for(*pods: Object, policy: str = "OrderedReady") -> str:
    """Return what is said of a StatefulSet of two replicas that has these Pods."""
    counter: Object = {
        "kind": "StatefulSet",
        "metadata": {"name": "counter", "uid": "uid-s"},
        "spec": {"replicas": 2, "podManagementPolicy": policy},
    }
    for one in pods:
        one["metadata"]["ownerReferences"] = [{"kind": "StatefulSet", "uid": "uid-s"}]
    target = Target("its Pods", "Pod", lambda now: now.all("Pod"), lambda _: counter, plural=True)
    return stateful.waits_for(Unmet(ready(2), target, "", "", snapshot(*pods)))


def test_the_second_waits_for_the_first() -> None:
    """While that is not ready; not in parallel, and not once it is there."""
    waiting = "counter-1 is not made until counter-0 is ready"
    assert waits_for(pod("counter-0", ready=False)) == waiting
    assert waits_for(pod("counter-0", ready=False), policy="Parallel") == ""
    assert waits_for(pod("counter-0"), pod("counter-1", ready=False)) == ""


def test_a_script_is_found_in_its_configmap(tmp_path: Path) -> None:
    """By the folder where the ConfigMap is mounted, and the key that the command names."""
    one, files = sources(tmp_path)
    assert stateful.script(one, "counter", files) == "it runs count.sh of ConfigMap script (script.yaml:5)"


def test_a_claim_belongs_to_the_template_that_made_it(tmp_path: Path) -> None:
    """It is known by its name, owned or not."""
    one, files = sources(tmp_path)
    assert files.of(claim("data-counter-0"), snapshot()) is one
    assert files.of(claim("data-counter"), snapshot()) is None
    assert files.of(claim("other-counter-0"), snapshot()) is None
