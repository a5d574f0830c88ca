"""Why a Pod does not become what was awaited: images, pending, and what the file itself shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kindlings import explain, symptoms
from kindlings.conditions import Target, containers_ready, ready, succeeded
from kindlings.declared import native_sidecar
from kindlings.explain.sources import Sources, parse_path
from kindlings.waiting import Unmet
from tests.unit.fakes import (
    claim,
    crashed,
    document,
    event,
    owner,
    pod,
    scene,
    snapshot,
    the_pod,
    unscheduled,
    waiting,
)
from tests.unit.told import IMAGES, POD, told

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.recorder import Object


def pulling(reason: str = "ErrImagePull") -> Object:
    """Return a Pod whose image does not come."""
    return pod(ready=False, phase="Pending", statuses=[waiting(reason, "not found")])


# Images.


@pytest.mark.parametrize(
    ("image", "because"),
    [
        (
            "busybox:22",
            "there is no busybox:22 (single-container.yaml:8); the course has busybox:1.36 and busybox:1.37",
        ),
        ("busybox", "busybox (single-container.yaml:8) means busybox:latest, which is asked of a registry"),
        ("busibox:1.36", "there is no busibox:1.36 (single-container.yaml:8); did you mean busybox:1.36?"),
        (
            "nginx:1.27",
            "there is no nginx:1.27 (single-container.yaml:8); the course has busybox:1.36, busybox:1.37",
        ),
        (
            "localhost:5000/nginx",
            "localhost:5000/nginx (single-container.yaml:8) means localhost:5000/nginx:latest",
        ),
    ],
)
def test_an_image_that_is_not_there(tmp_path: Path, image: str, because: str) -> None:
    """The line that asks for it, and what the course has instead."""
    findings = told(tmp_path, POD.format(image=image), pulling())
    assert findings.because.startswith(because)
    assert findings.read.endswith("/containers/images/")
    assert findings.look == "kindlings kubectl -n lab describe pod counter"


def test_an_image_that_is_asked_for_each_time(tmp_path: Path) -> None:
    """imagePullPolicy: Always is the line, not the image."""
    text = POD.format(image="busybox:1.36\n      imagePullPolicy: Always")
    findings = told(tmp_path, text, pulling())
    assert findings.because.startswith("imagePullPolicy: Always (single-container.yaml:9) asks a registry")


def test_a_name_that_no_image_has(tmp_path: Path) -> None:
    """InvalidImageName is the name's own fault."""
    findings = told(tmp_path, POD.format(image="BusyBox:1.36"), pulling("InvalidImageName"))
    assert findings.because == "BusyBox:1.36 is no name of an image (single-container.yaml:8)"


@pytest.mark.parametrize(
    ("lines", "because"),
    [
        ("  initContainers: [{name: logs, image: x}]\n", "logs has no restartPolicy of its own"),
        (
            "  initContainers: [{name: logs, image: x, restartPolicy: OnFailure}]\n",
            "logs has restartPolicy OnFailure",
        ),
        ("    - {name: logs, image: x, restartPolicy: Always}\n", "logs stands among the containers"),
        ("", "spec (single-container.yaml:5) has no initContainers"),
    ],
)
def test_a_sidecar_that_is_none_is_told_by_its_place_or_its_policy(
    tmp_path: Path, lines: str, because: str
) -> None:
    """An init container that is not restarted always, or a container among the others."""
    text = POD.format(image="busybox:1.36") + lines
    findings = told(tmp_path, text, pod(), condition=native_sidecar("logs"), proved=True)
    assert findings.because.startswith(because)
    assert "single-container.yaml:" in findings.because


# Pending.

WITH_CLAIM = POD.format(image="busybox:1.36") + (
    "  volumes:\n    - name: dok\n      persistentVolumeClaim:\n        claimName: dok\n"
)


@pytest.mark.parametrize(
    ("others", "has"), [((), "the lab's namespace has none"), ((claim("other"),), "there is other")]
)
def test_a_missing_claim_is_told_with_those_that_are_there(
    tmp_path: Path, others: tuple[Object, ...], has: str
) -> None:
    """The line that names it."""
    message = '0/3 nodes are available: persistentvolumeclaim "dok" not found. preemption: 0/3 nodes'
    findings = told(tmp_path, WITH_CLAIM, unscheduled(message), *others)
    assert findings.because == f"there is no PersistentVolumeClaim dok (single-container.yaml:13); {has}"


def test_what_no_node_can_hold_is_its_lines_fault(tmp_path: Path) -> None:
    """Insufficient memory leads to the request."""
    text = POD.format(image="busybox:1.36") + "      resources:\n        requests:\n          memory: 900Gi\n"
    findings = told(tmp_path, text, unscheduled("0/3 nodes are available: 3 Insufficient memory."))
    assert findings.because == "no node has 900Gi of memory free (single-container.yaml:12)"


def test_a_selector_that_no_node_has_is_its_lines_fault(tmp_path: Path) -> None:
    """The nodeSelector, and not the Pod as a whole."""
    text = POD.format(image="busybox:1.36") + "  nodeSelector:\n    disk: ssd\n"
    message = "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector."
    findings = told(tmp_path, text, unscheduled(message))
    assert findings.because == "no node has the labels that the Pod asks for (single-container.yaml:10)"


def test_a_pending_pod_in_unknown_words_is_quoted(tmp_path: Path) -> None:
    """The scheduler's own."""
    findings = told(tmp_path, POD.format(image="busybox:1.36"), unscheduled("0/3 nodes: no idea"))
    assert findings.because == "0/3 nodes: no idea"


@pytest.mark.parametrize(
    ("message", "because"),
    [
        ('configmap "settings" not found', "there is no ConfigMap settings (single-container.yaml:12)"),
        ('secret "settings" not found', "there is no Secret settings (single-container.yaml:12)"),
        (
            "couldn't find key colour in ConfigMap lab/settings",
            "ConfigMap settings has no key colour (single-container.yaml:5)",
        ),
    ],
)
def test_a_missing_configuration_is_the_line_that_names_it(
    tmp_path: Path, message: str, because: str
) -> None:
    """CreateContainerConfigError in plain words."""
    ref = "secretRef" if "secret" in message else "configMapRef"
    lines = f"      envFrom:\n        - {ref}:\n            name: settings\n"
    text = POD.format(image="busybox:1.36") + lines
    one = pod(ready=False, phase="Pending", statuses=[waiting("CreateContainerConfigError", message)])
    assert told(tmp_path, text, one).because == because


def test_a_storage_class_that_is_not_there_is_the_claims_line(tmp_path: Path) -> None:
    """The claim itself is judged, and its Event explains."""
    text = "kind: PersistentVolumeClaim\nmetadata:\n  name: dok\nspec:\n  storageClassName: fast\n"
    one = claim()
    kind = "PersistentVolumeClaim"
    target = Target(f"{kind} dok", kind, lambda moment: moment.all(kind))
    words = 'storageclass.storage.k8s.io "fast" not found'
    findings = told(tmp_path, text, one, event(one, "ProvisioningFailed", words), target=target)
    assert "single-container.yaml:5" in findings.because
    assert words in findings.because


# Which file, and what the file shows by itself.


def test_a_controllers_pod_leads_to_the_controllers_file(tmp_path: Path) -> None:
    """Up the owners, into the template."""
    text = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
        - name: count
          image: busybox:22
"""
    web = owner("Deployment", "web")
    one_set = owner("ReplicaSet", "web-1", owned_by=web)
    sick = pod("web-1-x", owner=one_set, ready=False, phase="Pending", statuses=[waiting("ErrImagePull")])
    target = Target("the Pods of Deployment web", "Pod", lambda moment: moment.all("Pod"), plural=True)
    findings = told(tmp_path, text, sick, web, one_set, target=target)
    assert findings.because.startswith("there is no busybox:22 (single-container.yaml:10)")


STATEFULSET = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  template:
    spec:
      containers:
        - name: count
  volumeClaimTemplates:
    - metadata: {name: other}
    - metadata: {name: data}
"""


def test_refused_pods_of_a_controller_are_told(tmp_path: Path) -> None:
    """FailedCreate is the controller's Event."""
    text = "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata:\n  name: web\nspec: {}\n"
    web = owner("ReplicaSet", "web")
    target = Target("the Pods of ReplicaSet web", "Pod", lambda _: [], owner=lambda _: web, plural=True)
    findings = told(tmp_path, text, web, event(web, "FailedCreate", "exceeded quota"), target=target)
    assert findings.because == "its Pods are refused (single-container.yaml:5): exceeded quota"
    assert findings.look == "kindlings kubectl -n lab get pods"


@pytest.mark.parametrize(
    ("words", "because"),
    [
        (
            "Claim data-web-0 for Pod web-0 in StatefulSet web failed error: "
            'PersistentVolumeClaim "data-web-0" is invalid: [spec.accessModes: Required value]',
            "the claims for its Pods are refused (single-container.yaml:11)",
        ),
        (
            'Pod web-0 in StatefulSet web failed error: Pod "web-0" is invalid: '
            "spec.containers[0].image: Required value",
            "its Pods are refused (single-container.yaml:8)",
        ),
    ],
)
def test_what_a_statefulset_may_not_make_is_told_by_its_line(
    tmp_path: Path, words: str, because: str
) -> None:
    """The field that the API server names stands in the claim's template, or in the Pod's."""
    web = owner("StatefulSet", "web")
    target = Target("the Pods of StatefulSet web", "Pod", lambda _: [], owner=lambda _: web, plural=True)
    findings = told(tmp_path, STATEFULSET, web, event(web, "FailedCreate", f"create {words}"), target=target)
    assert findings.because == f"{because}: create {words}"


def test_where_the_cluster_is_well_the_file_tells(tmp_path: Path) -> None:
    """Too few containers are named with their line."""
    text = POD.format(image="busybox:1.36")
    findings = told(tmp_path, text, pod(), condition=containers_ready(3))
    assert findings.because == "containers (single-container.yaml:6) has count (line 7)"


def test_a_proof_is_explained_by_the_file_and_not_by_troubles(tmp_path: Path) -> None:
    """A missing restartPolicy explains a Pod that is started again and again."""
    one = pod(ready=False, statuses=[crashed(0)])
    now = scene(the_pod(), one)
    found = symptoms.find(now)
    saw = "Pod counter has restartPolicy Always and can never end"
    verdict = Unmet(succeeded(), the_pod(), "an end", saw, now.snapshot, found, proved=True)
    sources = Sources([document(tmp_path, POD.format(image="busybox:1.36"))], "lab")
    because = explain.unmet(verdict, sources).findings.because
    assert "restartPolicy" in because
    assert "single-container.yaml:5" in because


@pytest.mark.parametrize(
    ("kind", "name", "because"),
    [
        ("Pod", "other", "metadata.name is counter (single-container.yaml:4), and the lab asks for other"),
        ("Service", "counter", "kind is Pod (single-container.yaml:2), and the lab asks for a Service"),
        ("Service", "other", "no document of single-container.yaml is a Service"),
    ],
)
def test_an_object_that_no_file_has(tmp_path: Path, kind: str, name: str, because: str) -> None:
    """Another name or another kind is told at its line."""
    sources = Sources([document(tmp_path, POD.format(image="a:1"))], "lab")
    findings = explain.absent(kind, name, sources, ("single-container.yaml",)).findings
    assert findings.expected == f"{kind} {name} in single-container.yaml"
    assert findings.saw == "Pod counter"
    assert findings.because == because


SERVICE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n"


@pytest.mark.parametrize(
    ("name", "because"),
    [
        (
            "frontend",
            "Pod counter is there (single-container.yaml:4), and no Service of that name stands beside it",
        ),
        ("coutner", "metadata.name is coutner (other.yaml:4), and the lab asks for counter"),
    ],
)
def test_of_several_objects_the_one_is_told_that_comes_nearest(
    tmp_path: Path, name: str, because: str
) -> None:
    """A name that is nearly the one; else the object of another kind that bears the name."""
    other = document(tmp_path, SERVICE.format(name=name), "other.yaml")
    third = document(tmp_path, SERVICE.format(name="backend"), "third.yaml")
    sources = Sources([third, other, document(tmp_path, POD.format(image="a:1"))], "lab")
    files = ("single-container.yaml", "other.yaml", "third.yaml")
    assert explain.absent("Service", "counter", sources, files).findings.because.startswith(because)


def test_an_object_of_nobodys_file_is_explained_by_none(tmp_path: Path) -> None:
    """What the learner did not write has no line."""
    sources = Sources([document(tmp_path, POD.format(image="a:1"))], "lab")
    assert sources.of(pod("stranger"), snapshot()) is None


def test_the_servers_paths_are_read() -> None:
    """Fields and indices."""
    assert parse_path("spec.containers[10].env[0].name") == ("spec", "containers", 10, "env", 0, "name")
    assert parse_path("") == ()


def test_a_controller_without_any_pod_yet_is_told_by_its_own_lines(tmp_path: Path) -> None:
    """Where a slow cluster has made no Pod at all, what is proved is told by the controller's manifest."""
    text = "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata:\n  name: counter\nspec:\n  replicas: 1\n"
    controller = owner("ReplicaSet", "counter")
    target = Target(
        "the Pods of ReplicaSet counter", "Pod", lambda _: [], owner=lambda _: controller, plural=True
    )
    now = scene(target, controller)
    sources = Sources([document(tmp_path, text)], "lab", IMAGES)
    verdict = Unmet(ready(3), target, "three Pods", "it asks for 1", now.snapshot, proved=True)

    assert explain.unmet(verdict, sources).findings.because == "replicas is 1 (single-container.yaml:6)"
