"""Services: who is behind them, and what is told where nobody is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kindlings import explain, symptoms
from kindlings.conditions import Impossible, Met, NotYet, Target, Verdict
from kindlings.explain import readiness
from kindlings.explain import services as causes
from kindlings.explain.sources import Sources
from kindlings.manifests import read
from kindlings.services import (
    Records,
    Serving,
    addresses_of,
    alias_of,
    endpoints,
    external_address,
    node_port,
    pending_address,
)
from kindlings.waiting import Unmet
from tests.unit.fakes import DEPLOYMENT, event, pod, scene, snapshot, written

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.conditions import Condition
    from kindlings.errors import Findings
    from kindlings.recorder import Object

FILE = "golang-svc.yaml"
SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: golang-svc
spec:
  type: NodePort
  selector:
    app: {selector}
  ports:
    - port: 9090
      targetPort: {target}
      nodePort: 32000
"""
TARGET = Target("Service golang-svc", "Service", lambda moment: moment.all("Service"))


def service(type_: str = "NodePort", selector: str = "application", **spec: Any) -> Object:
    """Return the Service as the API has it."""
    ports = [{"port": 9090, "targetPort": 8080, **({"nodePort": 32000} if type_ != "ClusterIP" else {})}]
    return {
        "kind": "Service",
        "metadata": {"name": "golang-svc", "uid": "uid-svc"},
        "spec": {"type": type_, "selector": {"app": selector}, "ports": ports, **spec},
    }


def deployment(replicas: int = 1) -> Object:
    """Return the Deployment as the API has it."""
    template = {"metadata": {"labels": {"app": "application"}}}
    return {
        "kind": "Deployment",
        "metadata": {"name": "golang-api", "uid": "uid-deployment"},
        "spec": {"replicas": replicas, "template": template},
    }


def a_pod(name: str = "golang-api", *, ready: bool = True, **spec: Any) -> Object:
    """Return a Pod of the Deployment, by default with a readinessProbe."""
    containers = [{"name": "golang-api", "readinessProbe": {}}]
    labels = {"app": "application"}
    made = pod(name, ready=ready, labels=labels, owner=deployment(), containers=("golang-api",), **spec)
    made["spec"]["containers"] = containers
    return made


def slice_of(*pods: Object, ready: bool = True, ports: bool = True) -> Object:
    """Return the Service's EndpointSlice."""
    return {
        "kind": "EndpointSlice",
        "metadata": {
            "name": "golang-svc-x",
            "uid": "uid-slice",
            "labels": {"kubernetes.io/service-name": "golang-svc"},
        },
        "ports": [{"port": 8080}] if ports else None,
        "endpoints": [
            {"targetRef": {"uid": one["metadata"]["uid"]}, "conditions": {"ready": ready}} for one in pods
        ],
    }


def judged(condition: Condition, *found: Object) -> Verdict:
    """Return the condition's verdict on the Service."""
    return condition.check(scene(TARGET, *found))


def told(folder: Path, text: str, condition: Condition, *found: Object, saw: str = "this") -> Findings:
    """Return what is told of a condition that does not hold."""
    documents = [*read(written(folder, text, FILE)).documents]
    documents += read(written(folder, DEPLOYMENT, "golang-api.yaml")).documents
    now = scene(TARGET, *found)
    verdict = condition.check(now)
    proved = isinstance(verdict, Impossible)
    saw = verdict.proof if isinstance(verdict, Impossible) else getattr(verdict, "why", saw)
    unmet = Unmet(condition, TARGET, "that", saw, now.snapshot, symptoms.find(now), proved=proved)
    return explain.unmet(unmet, Sources(documents, "lab")).findings


def test_ready_endpoints_are_counted() -> None:
    """A Pod counts where a slice with ports says that it is ready."""
    one, other = a_pod("one"), a_pod("other")

    assert isinstance(judged(endpoints(2), service(), one, other, slice_of(one, other)), Met)
    assert isinstance(judged(endpoints(2), service(), one, other, slice_of(one)), NotYet)
    assert isinstance(judged(endpoints(1), service(), one, slice_of(one, ready=False)), NotYet)
    assert isinstance(judged(endpoints(1), service(), one, slice_of(one, ports=False)), NotYet)


@pytest.mark.parametrize(("replicas", "awaited"), [(1, True), (0, False)])
def test_pods_that_a_controller_is_about_to_make_are_awaited(replicas: int, *, awaited: bool) -> None:
    """Other Pods may come first on a slow cluster: only where nobody makes the Service's own is it final."""
    verdict = judged(Serving("url"), service(), deployment(replicas), pod("other"))
    assert isinstance(verdict, NotYet)
    assert (verdict.ends_after is None) == awaited


def test_a_selector_that_finds_nobody_ends_the_wait() -> None:
    """Where other Pods are there, the wait need not last as long as for Pods that are yet to be made."""
    nobody = judged(endpoints(1), service(selector="aplication"), a_pod())
    yet = judged(endpoints(1), service(), a_pod(ready=False))

    assert isinstance(nobody, NotYet)
    assert nobody.ends_after
    assert isinstance(yet, NotYet)
    assert yet.ends_after is None


def test_another_number_of_replicas_is_said() -> None:
    """A Deployment that asks for one Pod will never give two."""
    verdict = judged(endpoints(2), service(), deployment(), a_pod(), slice_of(a_pod()))

    assert isinstance(verdict, NotYet)
    assert verdict.why == "Deployment golang-api asks for 1 replica"


def test_two_of_three_are_not_two() -> None:
    """On the way to three there are two for a moment, and that moment is no answer."""
    one, other = a_pod("one"), a_pod("other")
    verdict = judged(endpoints(2), service(), deployment(3), one, other, slice_of(one, other))

    assert isinstance(verdict, NotYet)
    assert verdict.why == "Deployment golang-api asks for 3 replicas"


def test_a_missing_probe_is_proved() -> None:
    """Where the lab wants readinessProbes, a Pod without one is enough."""
    bare = a_pod()
    del bare["spec"]["containers"][0]["readinessProbe"]

    assert isinstance(judged(endpoints(1, probed=True), service(), bare, slice_of(bare)), Impossible)


def test_node_ports_are_compared() -> None:
    """The right one is met; another, and a Service without one, are proved wrong."""
    assert isinstance(judged(node_port(32000), service()), Met)
    assert judged(node_port(31000), service()) == Impossible("node port 32000")
    assert judged(node_port(32000), service("ClusterIP")) == Impossible("a ClusterIP without a node port")


def test_an_address_is_pending_until_a_provider_gives_one() -> None:
    """Only a load balancer can be pending, and only without an address."""
    balancer = service("LoadBalancer")
    given = balancer | {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}

    assert isinstance(judged(pending_address(), balancer), Met)
    assert isinstance(judged(pending_address(), given), NotYet)
    assert isinstance(judged(pending_address(), service()), Impossible)
    assert isinstance(judged(external_address("192.0.2.1"), given), Met)
    assert isinstance(judged(external_address("192.0.2.1"), balancer), NotYet)


def test_records_are_compared_with_the_pods() -> None:
    """The addresses of all ready Pods and no other; an alias by its name."""
    one = a_pod()
    one["status"]["podIP"] = "10.244.1.5"

    class Everyone:
        target = Target("the Pods", "Pod", lambda moment: moment.all("Pod"), plural=True)

    def answer(*found: str) -> Records:
        return Records(list(found), snapshot(one))

    assert isinstance(addresses_of(Everyone()).check(answer("10.244.1.5")), Met)
    assert isinstance(addresses_of(Everyone()).check(answer("10.96.0.1")), NotYet)
    assert isinstance(addresses_of(Everyone()).check(answer()), NotYet)
    assert isinstance(alias_of("a.example").check(answer("a.example")), Met)
    assert isinstance(alias_of("a.example").check(answer("b.example")), NotYet)


def test_the_selector_and_the_labels_are_named_with_their_lines(tmp_path: Path) -> None:
    """Both sides of the mismatch are said."""
    text = SERVICE.format(selector="aplication", target=8080)

    found = told(tmp_path, text, endpoints(1), service(selector="aplication"), a_pod(), deployment())

    assert found.because == (
        "the Service selects app=aplication (golang-svc.yaml:8), the Pod carries app=application "
        "(golang-api.yaml:11)"
    )
    assert str(found.place) == "golang-svc.yaml:8"


def test_the_name_of_a_port_that_no_pod_has_is_said(tmp_path: Path) -> None:
    """The name that was written, and the one that the Pods have."""
    text = SERVICE.format(selector="application", target="web")
    one = a_pod()

    found = told(tmp_path, text, endpoints(1), service(), one, deployment(), slice_of(one, ports=False))

    assert "targetPort is web (golang-svc.yaml:11)" in found.because
    assert "called http (golang-api.yaml:18)" in found.because


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (
            "HTTP probe failed with statuscode: 404",
            "GET /ready on port 80 (golang-api.yaml:22) and gets HTTP 404",
        ),
        (
            'Get "http://10.244.1.5:80/ready": dial tcp 10.244.1.5:80: connect: connection refused',
            "on port 80 (golang-api.yaml:23) and nothing listens on port 80",
        ),
    ],
)
def test_a_probe_that_fails_is_explained(message: str, says: str, tmp_path: Path) -> None:
    """What the readinessProbe asks for, and what it gets."""
    text = SERVICE.format(selector="application", target=8080)
    one = a_pod(ready=False)
    failed = event(one, "Unhealthy", f"Readiness probe failed: {message}")

    found = told(tmp_path, text, endpoints(1), service(), one, deployment(), failed)

    assert says in found.because
    assert found.read == readiness.READ


@pytest.mark.parametrize(("name", "says"), [("192.0.2.1", True), ("foo.bar.example.com", False)])
def test_an_alias_of_an_address_is_told_so(tmp_path: Path, name: str, *, says: bool) -> None:
    """The DNS has an alias for a name only, though the API server takes an address."""
    text = (
        "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {type: ExternalName, externalName: NAME}\n"
    )
    text = text.replace("NAME}", f"{name}}}")
    documents = read(written(tmp_path, text, FILE)).documents
    because = causes.of_dns("x", "CNAME", Sources(documents, "lab"))
    assert because.startswith(f"externalName is {name} (golang-svc.yaml:4)")
    assert because.endswith("an address: an alias is of a name") is says


def test_a_port_on_which_nothing_listens_is_explained(tmp_path: Path) -> None:
    """The Service's targetPort, and the port that the container declares."""
    documents = [*read(written(tmp_path, SERVICE.format(selector="application", target=80), FILE)).documents]
    documents += read(written(tmp_path, DEPLOYMENT, "golang-api.yaml")).documents
    refusal = "error trying to reach service: dial tcp 10.244.1.5:80: connect: connection refused"

    why = causes.unheard(
        service(), refusal, Sources(documents, "lab"), snapshot(service(), a_pod(), deployment())
    )

    assert why == (
        "targetPort is 80 (golang-svc.yaml:11), and nothing listens on port 80 of the Pods; "
        "containerPort is 8080 (golang-api.yaml:18)"
    )


def test_what_a_pod_could_not_hand_on_is_laid_to_the_service_that_it_asked(tmp_path: Path) -> None:
    """Its answer names that Service; another port, another name and another trouble are not its fault."""
    documents = [*read(written(tmp_path, SERVICE.format(selector="application", target=80), FILE)).documents]
    documents += read(written(tmp_path, DEPLOYMENT, "golang-api.yaml")).documents
    sources = Sources(documents, "lab")
    one = a_pod()
    moment = snapshot(service(), one, deployment(), slice_of(one))
    name = service()["metadata"]["name"]
    refused = "does not answer: dial tcp 10.96.0.9:8080: connect: connection refused"

    why = causes.handed_on(f"http://{name}:8080 {refused}", sources, moment)
    assert why.startswith("targetPort is 80 (golang-svc.yaml:11), and nothing listens on port 80 of the Pods")
    assert causes.handed_on(f"http://other:8080 {refused}", sources, moment) == ""
    assert causes.handed_on(f"http://{name}:8080 does not know you", sources, moment) == ""


def test_a_program_may_hand_on_what_another_answered(tmp_path: Path) -> None:
    """Each other workload is told with its args; a program that is alone answers for itself."""
    other = DEPLOYMENT.replace("name: golang-api\n", "name: backend\n", 1).replace(
        "[golang-api]", "[backend]"
    )
    texts = {
        "golang-api.yaml": DEPLOYMENT,
        "backend.yaml": other,
        FILE: SERVICE.format(selector="a", target=1),
    }
    documents = [read(written(tmp_path, text, name)).documents[0] for name, text in texts.items()]
    moment = snapshot(a_pod(), deployment())

    assert causes.asked_in_turn(a_pod(), Sources(documents[:1], "lab"), moment) == ""
    assert causes.asked_in_turn(a_pod(), Sources(documents, "lab"), moment) == (
        "; or it hands on what Deployment backend answered, "
        "which is started with args [backend] (backend.yaml:16)"
    )


def test_a_missing_type_is_said(tmp_path: Path) -> None:
    """The default is named where the manifest says nothing."""
    text = SERVICE.format(selector="application", target=8080).replace("  type: NodePort\n", "")

    found = told(tmp_path, text, node_port(32000), service("ClusterIP"))

    assert found.because == "spec (golang-svc.yaml:5) has no type, and the default is ClusterIP"


def test_a_headless_service_needs_no_ports() -> None:
    """Its slices have none then, and its Pods are behind it all the same; other Services lack them."""
    target = Target("Service golang-svc", "Service", lambda moment: moment.all("Service"))
    for ports, verdict in ([], Met), (service()["spec"]["ports"], NotYet):
        headless = service("ClusterIP", clusterIP="None", ports=ports)
        moment = scene(target, headless, a_pod(), slice_of(a_pod(), ports=False))
        assert isinstance(endpoints(1).check(moment), verdict)
