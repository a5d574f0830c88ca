"""`kindlings explain NAMESPACE`: what is unwell, why, and by which field or line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kindlings import manifests
from kindlings.cluster.api import KINDS, Api
from kindlings.errors import UsageError
from kindlings.survey import Survey, explain_namespace, report
from tests.unit.fakes import claim, owner, pod, waiting

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.recorder import Object
    from tests.unit.apiserver import FakeApiServer

IMAGES = ("busybox:1.36", "busybox:1.37")
PULLING = [waiting("ErrImagePull", "not found")]
MANIFEST = """\
apiVersion: v1
kind: Pod
metadata:
  name: counter
spec:
  containers:
    - name: count
      image: busybox:22
"""


@pytest.fixture(autouse=True)
def namespace(server: FakeApiServer) -> None:
    """Let there be the namespace lab."""
    server.store.write("ADDED", "/api/v1/namespaces", {"kind": "Namespace", "metadata": {"name": "lab"}})


def put(server: FakeApiServer, *found: Object) -> None:
    """Let these objects be in the namespace."""
    for one in found:
        server.put(KINDS[one["kind"]], one)


def told(api: Api, **options: Any) -> str:
    """Return what a person reads, each part on one line."""
    text, _ = report(Survey(api, "lab", course_images=IMAGES, **options), "lab")
    return " ".join(text.split())


def missing_image(**fields: Any) -> Object:
    """Return a Pod whose image no node has."""
    one = pod(ready=False, phase="Pending", statuses=PULLING, **fields)
    one["spec"]["containers"][0]["image"] = "busybox:22"
    return one


def service(selector: dict[str, str] | None, **spec: Any) -> Object:
    """Return a Service."""
    spec |= {"selector": selector, "ports": [{"port": 80}]}
    return {"kind": "Service", "metadata": {"name": "web"}, "spec": spec}


def test_what_is_well_is_said_in_a_line(server: FakeApiServer, api: Api) -> None:
    """Ready Pods, ended ones, a bound claim, an alias and a Service without a selector are well."""
    ended = pod("job", ready=False, phase="Succeeded", policy="Never")
    put(server, pod(), ended, claim(phase="Bound"), service(None))
    assert told(api) == "All is well in namespace lab: 4 objects looked at."


def test_an_empty_namespace_is_said_to_be_one(api: Api) -> None:
    """Nothing there is nothing to explain."""
    assert told(api) == "Namespace lab holds nothing that could be unwell."


def test_a_cause_names_the_field(server: FakeApiServer, api: Api) -> None:
    """Without the learner's file the field of the object is named, as the API server writes it."""
    put(server, missing_image())
    said = told(api)
    assert said.startswith("lab · Pod counter expected Pod counter ready saw Pod counter is 0/1 ErrImagePull")
    assert "there is no busybox:22 (Pod counter, spec.containers[0].image)" in said
    assert "kindlings kubectl -n lab describe pod counter" in said


def test_a_cause_names_the_line_of_a_file(server: FakeApiServer, api: Api, tmp_path: Path) -> None:
    """With the file that made the object its line is named."""
    (tmp_path / "pod.yaml").write_text(MANIFEST, encoding="utf-8")
    put(server, missing_image())
    assert "(pod.yaml:8)" in told(api, files=manifests.read(tmp_path / "pod.yaml").documents)


def test_a_controllers_pods_are_its_own_trouble(server: FakeApiServer, api: Api) -> None:
    """A Pod that a controller has made is told once, as the controller's, by the field of its template."""
    made = owner("ReplicaSet", "counter", uid="set")
    template = {"spec": {"containers": [{"name": "count", "image": "busybox:22"}]}}
    made["spec"] = {"replicas": 2, "template": template}
    put(server, made, missing_image(owner=made))
    survey = Survey(api, "lab", course_images=IMAGES)
    assert [title for title, _ in survey.unwell()] == ["ReplicaSet counter"]
    assert "(ReplicaSet counter, spec.template.spec.containers[0].image)" in told(api)
    assert "ReplicaSet counter with 2 ready Pods" in told(api)


def test_a_service_that_finds_nobody_is_unwell(server: FakeApiServer, api: Api) -> None:
    """Its selector and the labels that are there are named with their fields."""
    put(server, pod(labels={"app": "application"}), service({"app": "aplication"}))
    said = told(api)
    assert "the Service selects app=aplication (Service web, spec.selector.app)" in said
    assert "the Pod carries app=application (Pod counter, metadata.labels.app)" in said


def test_a_claim_that_nobody_uses_promises_nothing(server: FakeApiServer, api: Api) -> None:
    """A class may wait for the first Pod; a claim that a Pod uses must have its volume."""
    put(server, claim("unused"), claim("used"))
    user = pod(volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "used"}}])
    put(server, user)
    assert [title for title, _ in Survey(api, "lab").unwell()] == ["PersistentVolumeClaim used"]


def test_another_clusters_words_are_said(server: FakeApiServer, api: Api) -> None:
    """Where the nodes may pull, an image that did not come is told in the cluster's words."""
    put(server, missing_image())
    text, _ = report(Survey(api, "lab"), "lab")
    assert "could not be pulled: not found" in " ".join(text.split())


def test_another_cluster_is_looked_at_by_its_context(
    server: FakeApiServer, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a context the user's own kubeconfig is read, and what to type next names the context."""
    put(server, missing_image())
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    text, unwell = explain_namespace("lab", (), "kind-fake")
    assert unwell == 1
    assert "kubectl --context kind-fake -n lab describe pod counter" in text
    assert "kindlings kubectl" not in text


def test_a_namespace_that_is_not_there_is_told(api: Api) -> None:
    """One line, and the command that lists those that are."""
    with pytest.raises(UsageError, match="There is no namespace nowhere") as caught:
        Survey(api, "nowhere")
    assert "kindlings kubectl get ns" in caught.value.advice
