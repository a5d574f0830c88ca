"""An experiment with Services: who leads their addresses to Pods."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, Final

from kindlings.experiments.bench import PATIENCE, Bench, Seen
from kindlings.experiments.workloads import pod_spec, running

if TYPE_CHECKING:
    from collections.abc import Callable

    from kindlings.recorder import Object, Snapshot

_PORT: Final = 8080
_SERVER: Final = "web-of-kindlings"
"""The Pod's name, which its /etc/hostname holds.

A connection alone proves nothing: some networks have a proxy that accepts one to whatever address.
"""
_ASK: Final = (
    "exec 3<>/dev/tcp/{address}/{port} && printf 'GET /hostname HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3"
)


class NewService:
    """A Service made while the component is away; what leads to older ones stays on the node."""

    job = "leads the address of each Service to its Pods"
    act = "a new Service"
    outcomes: ClassVar = {
        "answers": "its address answers",
        "has-no-endpoints": "no Pod is entered as its endpoint",
        "leads-nowhere": "it has an endpoint, and its address does not answer",
    }
    sought = "leads-nowhere"
    read = "https://kubernetes.io/docs/concepts/services-networking/service/#virtual-ips-and-service-proxies"

    def before(self, bench: Bench) -> None:
        """See a Service answer."""
        server = pod_spec("httpd", "-f", "-p", str(_PORT), "-h", "/etc")
        bench.create("Pod", _SERVER, server, app=_SERVER)
        bench.demand(running(_SERVER), "a web server did not run")
        started = time.monotonic()
        self._demand_answer(bench, self._create(bench, "before"))
        bench.usual = time.monotonic() - started

    def during(self, bench: Bench) -> Seen:
        """Create another one, and ask at its address."""
        self.address = self._create(bench, "probe")
        if self._answers(bench, self.address, bench.window):
            return Seen("answers", "the new Service answers at its address")
        if bench.until(_endpoint_of("probe"), 0):
            return Seen("leads-nowhere", "the new Service has its endpoint, and its address does not answer")
        return Seen("has-no-endpoints", "the new Service has no endpoint, though a Pod has its labels")

    def after(self, bench: Bench) -> None:
        """See it answer."""
        self._demand_answer(bench, self.address)

    def _create(self, bench: Bench, name: str) -> str:
        spec = {"selector": {"app": _SERVER}, "ports": [{"port": _PORT}]}
        return str(bench.create("Service", name, spec)["spec"]["clusterIP"])

    def _answers(self, bench: Bench, address: str, seconds: float) -> bool:
        """Ask from the node itself: that takes no kubelet, and the node's rules are those of its Pods."""
        deadline = time.monotonic() + seconds
        node = f"{bench.cluster.name}-control-plane"
        ask = _ASK.format(address=address, port=_PORT)
        while time.monotonic() < deadline:
            # bash is in every node image, curl is not.
            said = bench.cluster.engine.run("exec", node, "timeout", "1", "bash", "-c", ask, check=False)
            if _SERVER in said.stdout:
                return True
            bench.pause(0.2)
        return False

    def _demand_answer(self, bench: Bench, address: str) -> None:
        if not self._answers(bench, address, PATIENCE):
            raise bench.trouble("a Service did not answer")


def _endpoint_of(service: str) -> Callable[[Snapshot], Object | None]:
    def look(snapshot: Snapshot) -> Object | None:
        for one in snapshot.all("EndpointSlice"):
            labels = one["metadata"].get("labels") or {}
            if labels.get("kubernetes.io/service-name") == service and one.get("endpoints"):
                return one
        return None

    return look
