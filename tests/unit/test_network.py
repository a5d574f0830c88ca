"""Requests to a Service and to the DNS: a real HTTP server, one moment of a cluster, a fake helper Pod."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from kindlings import network
from kindlings.cluster import exec as remote
from kindlings.cluster import inside
from kindlings.cluster.api import KINDS
from kindlings.errors import LabFailure
from kindlings.explain.sources import Sources
from kindlings.manifests import read
from kindlings.network import Name, Service
from kindlings.services import alias_of
from tests.unit.fakes import DEPLOYMENT, snapshot, written
from tests.unit.test_services import a_pod, deployment, service, slice_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kindlings.cluster.api import Api
    from kindlings.conditions import Condition, Target
    from kindlings.recorder import Object
    from tests.unit.apiserver import FakeApiServer


class Web(BaseHTTPRequestHandler):
    """Answers 503 as often as `failures` says, then 200 with the name of a Pod."""

    failures = 0

    def do_GET(self) -> None:
        """Answer."""
        broken = Web.failures > 0
        Web.failures -= 1
        self.send_response(503 if broken else 200)
        self.send_header("X-Pod", "golang-api")
        self.end_headers()
        self.wfile.write(b"Hello from golang-api")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def web() -> Iterator[int]:
    """Give the port of an HTTP server."""
    Web.failures = 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


class FakeLab(SimpleNamespace):
    """What network.py asks of a lab."""

    namespace = "lab"

    def wait(self, target: Target, _condition: Condition, _timeout: float | None) -> list[Object]:
        """Return what is there."""
        return target.select(self.recorder.snapshot())


def lab(port: int, *found: Object, prober: Api | None = None) -> Any:
    """Return a lab in which node port 32000 leads to `port`, with one Pod behind the Service."""
    moment = snapshot(service(), a_pod(), slice_of(a_pod()), *found)
    recorder = SimpleNamespace(snapshot=lambda: moment)
    return FakeLab(
        recorder=recorder, node_ports={32000: port}, sources=Sources([], "lab"), prober=prober, learner=prober
    )


def test_a_service_is_asked_on_the_port_of_this_machine(web: int) -> None:
    """The URL has the real port, and the answer can be looked into."""
    asked = Service(lab(web), "golang-svc")

    answer = asked.get("/hello")

    assert answer.url == f"http://127.0.0.1:{web}/hello"
    answer.shows("Hello")
    with pytest.raises(LabFailure, match="it says Hello from golang-api"):
        answer.shows("Goodbye")


def test_a_first_failure_is_not_the_end(web: int) -> None:
    """What is not there yet is asked for again, and which Pod answered is known."""
    Web.failures = 2
    assert Service(lab(web), "golang-svc").get("/hello").who.split() == ["golang-api"]


def test_an_answer_of_another_program_is_told_by_what_it_is_started_with(web: int, tmp_path: Path) -> None:
    """The Service's selector is told, and the args of the Pod that has answered."""
    here = lab(web, deployment())
    here.sources = Sources(read(written(tmp_path, DEPLOYMENT, "golang-api.yaml")).documents, "lab")
    with pytest.raises(LabFailure) as failure:
        Service(here, "golang-svc").get("/hello").shows("Hello from frontend")
    started = "its program is started with args [golang-api] (golang-api.yaml:16)"
    assert failure.value.findings.because == started


def test_a_service_for_the_inside_has_no_port_on_the_nodes() -> None:
    """What a node has a port for is open to the outside, whether this machine leads there or not."""
    with pytest.raises(LabFailure) as failure:
        Service(lab(1), "golang-svc").unreachable()
    assert failure.value.findings.expected == "Service golang-svc to be for the inside alone"
    assert failure.value.findings.saw == "node port 32000, open on every node"


def test_silence_is_told_with_its_address(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing listens, the message says where and for how long."""
    monkeypatch.setattr(network, "PATIENCE", 0.2)

    with pytest.raises(LabFailure) as failure:
        Service(lab(9, prober=api), "golang-svc").get("/hello")

    assert failure.value.findings.expected == "HTTP 200 from http://127.0.0.1:9/hello"
    assert failure.value.findings.saw.startswith("connection refused, after")


def test_a_node_port_that_leads_nowhere_is_told(web: int) -> None:
    """A node port that this machine has no port for is no address."""
    here = lab(web)
    here.node_ports = {31000: web}

    with pytest.raises(LabFailure, match="node port 32000"):
        Service(here, "golang-svc").get("/hello")


def test_not_one_visit_may_fail(web: int) -> None:
    """Requests go on while the block runs; one that fails is told."""
    here = Service(lab(web), "golang-svc")
    with here.asked_all_the_time("/hello") as visits:
        threading.Event().wait(0.2)
    visits.none_failed()

    with here.asked_all_the_time("/hello") as visits:
        Web.failures = 1
        threading.Event().wait(0.3)
    with pytest.raises(LabFailure, match=r"1 of \d+ requests failed; the first: HTTP 503"):
        visits.none_failed()


def test_a_provider_gives_an_address(api: Api, server: FakeApiServer) -> None:
    """It is written into the Service's status, as the administrator."""
    server.put(KINDS["Service"], service(), "lab")
    server.answer("PATCH", "/services/golang-svc/status$", 200, {})

    Service(lab(1, prober=api), "golang-svc").provide("192.0.2.1")

    (request,) = server.asked("PATCH", "/status$")
    assert request.body == {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}


ANSWERS = {
    "A": "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n\nName:\tpods.lab\nAddress: 10.244.3.4\n"
    "Name:\tpods.lab\nAddress: 10.244.1.5\n\n",
    "CNAME": "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n"
    "reviews.lab\tcanonical name = a.example.com\n",
}


@pytest.mark.parametrize(
    ("type_", "found"), [("A", ["10.244.1.5", "10.244.3.4"]), ("CNAME", ["a.example.com"])]
)
def test_the_records_of_a_name_are_read(
    type_: str, found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Busybox's nslookup is asked for the full name, and the server's own address is no record."""
    commands: list[list[str]] = []

    def ask(_api: Api, _namespace: str, command: list[str]) -> remote.Result:
        commands.append(command)
        return remote.Result(0, ANSWERS[type_])

    monkeypatch.setattr(inside, "ask", ask)

    assert Name(lab(1), "pods", type_)._asked() == found
    assert commands[0][-1] == "pods.lab.svc.cluster.local."


def test_an_alias_that_is_none_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Service that is no ExternalName never becomes an alias."""
    monkeypatch.setattr(inside, "ask", lambda *_: remote.Result(1, "", "NXDOMAIN"))

    with pytest.raises(LabFailure, match="no CNAME record"):
        Name(lab(1), "golang-svc", "CNAME").wait(alias_of("a.example.com"), timeout=60)


def test_the_helper_is_made_once_and_left_out_of_the_records(api: Api, server: FakeApiServer) -> None:
    """A second preparation finds it there; its label is the one that the recorder leaves out."""
    inside.prepare(api, "lab")
    inside.prepare(api, "lab")

    made = server.asked("POST", "/pods$")
    assert [one.body["metadata"]["labels"] for one in made] == [{inside.LABEL: "true"}] * 2
    assert f"!{inside.LABEL}" == inside.NOT_OURS
