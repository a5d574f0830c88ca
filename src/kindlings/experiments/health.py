"""Experiments with what is reported: who says that a node is well, and what the API server says of itself."""

from __future__ import annotations

import json
import time
from typing import Any, ClassVar

import urllib3

from kindlings import objects
from kindlings.cluster.api import KINDS, NODE_LEASES, Refusal
from kindlings.cluster.shapes import NOT_READY_AFTER
from kindlings.experiments.bench import PATIENCE, Bench, Seen


class NodeReport:
    """The condition Ready of the node."""

    job = "reports to the API server that its node is well"
    act = "the node"
    outcomes: ClassVar = {
        "stays-ready": "it stays Ready",
        "turns-not-ready": "it turns NotReady",
        "is-deleted": "it is taken out of the cluster",
    }
    sought = "turns-not-ready"
    read = "https://kubernetes.io/docs/concepts/architecture/nodes/"

    def before(self, bench: Bench) -> None:
        """See it Ready."""
        if not self._turned(bench, ready=True, seconds=PATIENCE):
            raise bench.trouble("the node was not Ready")

    def during(self, bench: Bench) -> Seen:
        """Wait until nothing is heard of it for long enough, or it has been heard of all the time."""
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE:
            if self._turned(bench, ready=False, seconds=NOT_READY_AFTER + 2):
                return Seen(
                    "turns-not-ready",
                    f"the node is NotReady, {NOT_READY_AFTER} s after it was last heard of (elsewhere 50 s)",
                )
            if self._heard_of(bench):
                break
        return Seen("stays-ready", f"the node is Ready after {NOT_READY_AFTER + 2} s, too")

    def after(self, bench: Bench) -> None:
        """See it Ready again."""
        self.before(bench)

    def _turned(self, bench: Bench, *, ready: bool, seconds: float) -> bool:
        """Watch the node until its condition Ready is as asked; tell whether it came to that."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                stream = bench.observer.stream(
                    KINDS["Node"].path(),
                    read_timeout=left + 5,
                    watch="true",
                    timeoutSeconds=str(int(left) + 1),
                )
                try:
                    for line in stream:
                        event = json.loads(line)
                        if event["type"] != "ERROR" and objects.says_ready(event["object"]) == ready:
                            return True
                finally:
                    stream.close()
            except (urllib3.exceptions.HTTPError, Refusal):
                bench.pause(0.2)
        return False

    def _heard_of(self, bench: Bench) -> bool:
        """Tell whether the node's lease was renewed in the last seconds."""
        before = _renewals(bench.admin.get(NODE_LEASES))
        bench.pause(2)
        return _renewals(bench.admin.get(NODE_LEASES)) != before


class Health:
    """What the API server says of itself at /readyz."""

    job = "keeps the state of the cluster for the API server"
    act = "the API server"
    well = "stays-ready"
    outcomes: ClassVar = {
        "stays-ready": "it goes on as before",
        "is-not-ready": "it answers that it is not ready",
        "is-silent": "it does not answer",
    }
    sought = "is-not-ready"
    read = "https://kubernetes.io/docs/concepts/architecture/#etcd"

    def before(self, bench: Bench) -> None:
        """See it ready."""
        self.after(bench)

    def during(self, bench: Bench) -> Seen:
        """Ask it until it is not ready, or for long enough."""
        deadline = time.monotonic() + bench.window + 1
        while True:
            asked = time.monotonic()
            seen = self._ask(bench)
            # It may say for a second what it found out before: only what was asked late is good news.
            if seen.outcome != self.well or asked > deadline:
                return seen
            bench.pause(0.3)

    def after(self, bench: Bench) -> None:
        """See that it can read its store again."""
        bench.admin.get(KINDS["Namespace"].path(name=bench.namespace))

    def _ask(self, bench: Bench) -> Seen:
        try:
            stream = bench.admin.stream("/readyz", read_timeout=6)
        except Refusal as refusal:
            # One line a check, a failed one as "[-]etcd failed: reason withheld". Of etcd's two, etcd and
            # etcd-readiness, either may be the first to notice.
            failed = [line[3:].split()[0] for line in refusal.message.split("\n") if line[:3] == "[-]"]
            part = failed[0].removesuffix("-readiness") if failed else "something"
            words = f"the API server's /readyz answers {refusal.code}: {part} failed"
            return Seen("is-not-ready", words)
        except urllib3.exceptions.HTTPError:
            return Seen("is-silent", "the API server does not answer")
        stream.close()
        return Seen(self.well, "the API server's /readyz answers ok")


def _renewals(leases: dict[str, Any]) -> list[str]:
    return [lease["spec"]["renewTime"] for lease in leases.get("items") or []]
