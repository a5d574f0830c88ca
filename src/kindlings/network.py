"""What a lesson holds of the network: Services to ask from outside and inside, names in the DNS."""

from __future__ import annotations

import re
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NoReturn, Self

import requests
import tenacity
import urllib3

from kindlings import objects
from kindlings.cluster import inside
from kindlings.cluster.api import KINDS, Refusal
from kindlings.conditions import Met, plural
from kindlings.errors import Findings, InfrastructureError, LabFailure
from kindlings.explain import services as causes
from kindlings.handles import Handle
from kindlings.services import Records, Serving, existing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kindlings.explain.sources import Sources
    from kindlings.handles import Pods
    from kindlings.lab import Lab
    from kindlings.recorder import Object, Snapshot
    from kindlings.services import RecordCondition

ADDRESS: Final = "127.0.0.1"
"""Where the cluster's node ports are open on this machine."""

PATIENCE: Final = 5.0
"""Seconds in which a Service with endpoints answers, if ever; kube-proxy may take one or two."""
_CERTAIN: Final = 0.8
"""Seconds after which a Pod is asked itself, whether the fault is behind the Service."""
_SPREAD: Final = 20.0
"""Seconds in which each of a few Pods gets one of many requests: kube-proxy must know of all of them."""
_ENOUGH: Final = 30
"""Answers after which the manifest is asked why one Pod has given none."""
_BETWEEN: Final = 0.05
_SILENCE: Final = 1.5
"""Seconds without an answer after which something counts as closed."""
_INSIDE: Final = 8
"""Requests that one command in the helper Pod sends."""


@dataclass(frozen=True)
class Answer:
    """What one request gave: an HTTP status, its text, who says it answered; or why there was no answer."""

    url: str
    status: int = 0
    text: str = ""
    who: str = ""
    """Which Pods say that they answered, the nearest first; from inside they are in the text."""
    trouble: str = ""
    asked: Service | None = None

    @property
    def saw(self) -> str:
        """Say it in a few words."""
        if not self.status:
            return self.trouble
        said = self.text.strip().splitlines()[:1]
        return f"HTTP {self.status}" + (f", {said[0][:120]}" if said and self.status != 200 else "")

    def shows(self, wanted: str) -> Answer:
        """Demand that the answer contains `wanted`. Raises LabFailure."""
        if wanted not in self.text:
            said = self.text.strip().splitlines()[:1] or ["nothing"]
            expected, saw = f"{wanted} from {self.url}", f"it says {said[0][:120]}"
            if self.asked is None:
                raise LabFailure(Findings(expected, saw, read=causes.READ))
            because = [self.asked.because(causes.of_selector), self.asked.answered(self)]
            self.asked.fail(expected, saw, "; ".join(filter(None, because)))
        return self


MAX_ANSWER: Final = 64 * 1024


def _outside(session: requests.Session, url: str, seconds: float = 3) -> Answer:
    """Send one request from this machine, on a connection of its own."""
    try:
        # Whoever answers is a learner's program: it may lead elsewhere, or never come to an end.
        with session.get(
            url, timeout=seconds, headers={"Connection": "close"}, allow_redirects=False, stream=True
        ) as answer:
            body = _beginning(answer, seconds)
    except requests.Timeout:
        return Answer(url, trouble="no answer")
    except requests.RequestException as error:
        refused = "refused" in str(error)
        return Answer(url, trouble="connection refused" if refused else "the connection was cut off")
    who = f"{answer.headers.get('X-Pod', '')} {answer.headers.get('X-Backend', '')}"
    return Answer(url, answer.status_code, body, who)


def _beginning(answer: requests.Response, seconds: float) -> str:
    """Return the first bytes of the answer, as many as come in a while."""
    body, until = b"", time.monotonic() + seconds
    for part in answer.iter_content(4096):
        body += part
        if len(body) > MAX_ANSWER or time.monotonic() > until:
            break
    return body.decode(answer.encoding or "utf-8", "replace")


def _plain_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # a proxy of the user's knows nothing of this cluster
    return session


class Service(Handle):
    """A Service."""

    def __init__(self, lab: Lab, name: str) -> None:
        super().__init__(lab, "Service", name)

    def get(self, path: str, *, inside: bool = False, by_all_of: Pods | None = None) -> Answer:
        """Ask for `path` until HTTP 200 comes, from outside on the node port or `inside` by name.

        With `by_all_of` it is asked until each of these Pods has answered. Raises LabFailure.
        """
        url = self._url(path, inside=inside)
        self.lab.wait(self.target, Serving(url), None)
        answer = self._first(url, path, inside=inside)
        if by_all_of is not None:
            self._by_all_of(by_all_of, url, inside=inside)
        return answer

    def unreachable(self, path: str = "/hello") -> Self:
        """Demand that no node has a port for it, and no Pod answers from outside. Raises LabFailure."""
        service = self._service()
        port = service["spec"]["ports"][0]["port"]
        if open_at := service["spec"]["ports"][0].get("nodePort"):
            saw = f"node port {open_at}, open on every node"
            self.fail(f"{self} to be for the inside alone", saw, self.because(causes.of_type))
        url = f"http://{service['spec']['clusterIP']}:{port}{path}"
        answer = _outside(_plain_session(), url, _SILENCE)
        if any(objects.name(one) in answer.who for one in self.lab.recorder.snapshot().all("Pod")):
            self.fail(f"no answer from outside at {url}", answer.saw)
        return self

    def provide(self, address: str) -> Self:
        """Give the Service an external address, as a cloud provider's controller does."""
        body = {"status": {"loadBalancer": {"ingress": [{"ip": address}]}}}
        try:
            self.lab.prober.patch(KINDS["Service"].path(self.lab.namespace, self.name, "status"), body)
        except Refusal as refusal:
            raise InfrastructureError(f"{self} could not be given an address: {refusal.message}") from None
        return self

    @contextmanager
    def asked_all_the_time(self, path: str) -> Iterator[Visits]:
        """Ask for `path` from outside again and again while the `with` block runs."""
        url = self._url(path, inside=False)
        self.get(path)
        visits = Visits(self, url)
        try:
            yield visits
        finally:
            visits.end()

    def _service(self) -> Object:
        """Return the Service as it is now; one that was just created is there in a moment."""
        (found,) = self.lab.wait(self.target, existing(), None)
        return found

    def _url(self, path: str, *, inside: bool) -> str:
        """Return the URL to ask; raises LabFailure where the Service is on no node port of ours."""
        service = self._service()
        port = (service["spec"].get("ports") or [{}])[0]
        if inside:
            number = port.get("port")
            return f"http://{self.name}{'' if number == 80 else f':{number}'}{path}"
        node_port = port.get("nodePort")
        if node_port not in self.lab.node_ports:
            self.fail(
                f"{self} on node port {' or '.join(map(str, self.lab.node_ports))}, to be asked from outside",
                f"node port {node_port}" if node_port else "no node port",
                self.because(causes.of_node_port),
            )
        return f"http://{ADDRESS}:{self.lab.node_ports[node_port]}{path}"

    def _first(self, url: str, path: str, *, inside: bool) -> Answer:
        session = _plain_session()
        proof: list[str] = []

        def ask(_: object = None) -> Answer:
            return self._ask_inside(url)[0] if inside else _outside(session, url)

        def is_enough(state: tenacity.RetryCallState, seconds: float) -> bool:
            if seconds > _CERTAIN:
                proof[:] = [self._proof(path, state.outcome.result() if state.outcome else None)]
            return any(proof) or seconds > PATIENCE

        began = time.monotonic()
        asking = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda answer: answer.status != 200),
            stop=lambda state: is_enough(state, time.monotonic() - began),
            wait=tenacity.wait_fixed(_BETWEEN),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        answer: Answer = asking(ask)
        if answer.status != 200:
            certain = "".join(proof)
            waited = "" if certain else f", after {time.monotonic() - began:.0f} s"
            self.fail(f"HTTP 200 from {url}", f"{answer.saw}{waited}", certain)
        return replace(answer, asked=self)

    def _ask_inside(self, url: str, times: int = 1) -> list[Answer]:
        """Ask from the helper Pod, each time on a new connection; ends at the first request that fails."""
        script = 'for one in $1; do timeout 5 wget -q -O- "$0" || exit $?; echo; done'
        rounds = " ".join(["1"] * times)
        result = inside.ask(self.lab.prober, self.lab.namespace, ["sh", "-c", script, url, rounds])
        if result.code == 0:
            return [Answer(url, 200, line) for line in result.output.splitlines() if line.strip()]
        if result.code is None:
            raise InfrastructureError(f"The helper Pod could not ask {url}: {result.reason}")
        said = result.errors.strip()
        if status := re.search(r"HTTP/\S+ (\d{3})", said):
            return [Answer(url, int(status[1]))]
        if "bad address" in said:
            return [Answer(url, trouble=f"the cluster's DNS does not know {self.name}")]
        return [Answer(url, trouble="connection refused" if "refused" in said else "no answer")]

    def _proof(self, path: str, answer: Answer | None) -> str:
        """Ask a Pod behind the Service itself, and say what it shows of the fault; nothing if nothing."""
        snapshot, sources, service = self.lab.recorder.snapshot(), self.lab.sources, self._service()
        for pod in objects.endpoints(snapshot, service)[:1]:
            port = _endpoint_port(service, pod)
            place = KINDS["Pod"].path(self.lab.namespace, f"{objects.name(pod)}:{port}", f"proxy{path}")
            try:
                self.lab.prober.stream(place, read_timeout=3).close()
            except Refusal as refusal:
                if answer and answer.status == refusal.code == 404:
                    start = causes.started(pod, sources, snapshot)
                    other = causes.asked_in_turn(pod, sources, snapshot)
                    return f"the Pod itself answers HTTP 404 to {path}; {start}{other}"
                handed_on = causes.handed_on(refusal.message, sources, snapshot)
                return handed_on or causes.unheard(service, refusal.message, sources, snapshot)
            except urllib3.exceptions.HTTPError:
                return ""
        return ""

    def _by_all_of(self, pods: Pods, url: str, *, inside: bool) -> None:
        """Ask until each of these Pods has answered, or what the manifest says leaves no hope of it."""
        session, pause = _plain_session(), threading.Event()
        deadline = time.monotonic() + _SPREAD
        answers, because = 0, ""
        served: set[str] = set()
        while True:
            several = self._ask_inside(url, _INSIDE) if inside else [_outside(session, url)]
            snapshot = self.lab.recorder.snapshot()
            ready = [one for one in pods.target.select(snapshot) if objects.is_ready(one)]
            names = {objects.name(one) for one in ready}
            answers += len(several)
            served |= {name for name in names for one in several if name in f"{one.text} {one.who}"}
            if names and names <= served:
                return
            if answers >= _ENOUGH:
                because = self.because(causes.of_spread)
                if not because and not served:
                    start = self.answered(several[-1])
                    because = f"a Pod behind the Service answers by itself; {start}" if start else ""
            if because or time.monotonic() > deadline:
                break
            pause.wait(_BETWEEN)
        expected = f"HTTP 200 from {url}, in turns from {plural(len(names), 'Pod')}"
        self.fail(expected, f"every answer from {len(served & names)} of {len(names)} Pods", because)

    def because(self, cause: Callable[[Object, Sources, Snapshot], str]) -> str:
        """Return what `cause` says of the Service as it is now."""
        return cause(self._service(), self.lab.sources, self.lab.recorder.snapshot())

    def answered(self, answer: Answer) -> str:
        """Say what the program of the lab's Pod is started with that has answered; or nothing."""
        snapshot = self.lab.recorder.snapshot()
        found = [pod for name in answer.who.split() if (pod := snapshot.named("Pod", name))]
        return causes.started(found[0], self.lab.sources, snapshot) if found else ""

    def fail(self, expected: str, saw: str, because: str = "") -> NoReturn:
        """Raise the failure of a request."""
        look = self.lab.sources.look(f"describe service {self.name}")
        place = causes.place(because, self.name, self.lab.sources)
        raise LabFailure(Findings(expected, saw, because, look, causes.READ, place=place)) from None


def _endpoint_port(service: Object, pod: Object) -> int | str:
    """Return the number of the Pod's port that the Service's first port leads to."""
    port = (service["spec"].get("ports") or [{}])[0]
    target = port.get("targetPort", port.get("port"))
    for container in objects.containers(pod):
        for declared in container.get("ports") or []:
            if declared.get("name") == target:
                return int(declared["containerPort"])
    return target if isinstance(target, int) else str(target)


@dataclass
class Visits:
    """Requests that were sent one after the other, from outside, while something happened."""

    service: Service
    url: str
    answers: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin to ask."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="visits", daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        session = _plain_session()
        while not self._stop.wait(_BETWEEN):
            self.answers.append(_outside(session, self.url, 10))

    def end(self) -> None:
        """Ask no more."""
        self._stop.set()
        self._thread.join(timeout=15)

    def none_failed(self) -> None:
        """Demand that every request was answered with HTTP 200. Raises LabFailure."""
        failed = [one for one in self.answers if one.status != 200]
        if not self.answers:
            raise InfrastructureError(f"Not one request to {self.url} came to an end.")
        if not failed:
            return
        self.service.fail(
            f"HTTP 200 to every request for {self.url}",
            f"{len(failed)} of {len(self.answers)} requests failed; the first: {failed[0].saw}",
        )


class Name:
    """A name in the cluster's DNS, and a type of its records."""

    def __init__(self, lab: Lab, name: str, type_: str) -> None:
        self._lab = lab
        self.name = name
        self.type = type_.upper()

    @property
    def full(self) -> str:
        """Return the name with the lab's namespace and the cluster's domain behind it, unless it has them."""
        if self.name.endswith("."):
            return self.name
        return f"{self.name}.{self._lab.namespace}.svc.cluster.local."

    def wait(self, condition: RecordCondition, timeout: float = PATIENCE) -> list[str]:
        """Ask the DNS from inside until `condition` holds, at most `timeout` seconds; returns the records.

        Raises LabFailure.
        """
        deadline = time.monotonic() + timeout
        while True:
            records = Records(self._asked(), self._lab.recorder.snapshot())
            verdict = condition.check(records)
            if isinstance(verdict, Met):
                return records.found
            if time.monotonic() > deadline or self._is_final():
                break
        service = self.name.split(".")[-1]
        raise LabFailure(
            Findings(
                condition.describe(self.name),
                getattr(verdict, "why", "") or getattr(verdict, "proof", ""),
                causes.of_dns(service, self.type, self._lab.sources),
                self._lab.sources.look(f"get service {service}"),
                causes.READ_DNS,
                place=causes.place("", service, self._lab.sources),
            )
        )

    def _is_final(self) -> bool:
        """Tell whether the Service is of a kind that will never give what is asked for."""
        service = self._lab.recorder.snapshot().named("Service", self.name.split(".")[-1])
        if service is None:
            return False
        external = service["spec"].get("type") == "ExternalName"
        return not external if self.type == "CNAME" else service["spec"].get("clusterIP") != "None"

    def _asked(self) -> list[str]:
        """Return what nslookup of the helper Pod finds."""
        command = ["timeout", "5", "nslookup", f"-type={self.type.lower()}", self.full]
        result = inside.ask(self._lab.prober, self._lab.namespace, command)
        if result.code is None:
            raise InfrastructureError(f"The helper Pod could not ask the DNS: {result.reason}")
        said = result.output.partition("\n\n")[2]  # behind the server's own address
        wanted = r"canonical name = (\S+)" if self.type == "CNAME" else r"^Address[^:]*: (\S+)"
        return sorted(found.rstrip(".") for found in re.findall(wanted, said, re.MULTILINE))
