"""What one pytest session holds of the cluster: its connections, and a namespace for each test."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kindlings.cluster import access
from kindlings.cluster.api import KINDS, Api, Refusal
from kindlings.errors import InfrastructureError, UsageError
from kindlings.lab import Identities, Lab
from kindlings.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


@dataclass
class Session:
    """Connections to one cluster for one run, and the labs that it opened."""

    kubeconfig: Path
    run: str
    context: str | None = None
    course_images: Sequence[str] = ()
    kill: Callable[[str, str], None] | None = None
    admin: Api = field(init=False)
    observer: Api = field(init=False)

    def __post_init__(self) -> None:
        self.admin = Api(self.kubeconfig, context=self.context)
        self.observer = access.ensure_recorder(self.admin)
        for namespace in access.namespaces(self.admin):
            if access.is_orphan(namespace) and not _stays(namespace["metadata"]):
                access.delete_namespace(self.admin, namespace["metadata"]["name"])

    def unmet(self, needs: Sequence[str]) -> str:
        """Return the first of a lesson's `needs` that this cluster does not meet, or an empty string."""
        return next((need for need in needs if not self._meets(need)), "")

    def _meets(self, need: str) -> bool:
        if match := re.fullmatch(r"nodes>=(\d+)", need):
            nodes = self.observer.get(KINDS["Node"].path()).get("items") or []
            return len(nodes) >= int(match[1])
        if need == "node-access":
            return self.kill is not None
        if need == "node-port":
            return self.context is None  # elsewhere nobody knows where node ports can be reached
        if need == "no-load-balancer":
            return self.context is None or self.context.startswith(("kind-", "minikube"))
        raise UsageError(
            f"A lesson needs {need}: that is not among nodes>=N, node-port, node-access, no-load-balancer."
        )

    def open(self, module: str, test: str, folder: Path, kinds: Sequence[str], *, drains: bool) -> Lab:
        """Make a namespace for `test` of `module` and watch it; what an earlier run of the test left goes."""
        labels = {"run": self.run, "test": label_of(module, test)}
        for left in access.namespaces(self.admin, test=labels["test"], kept="true"):
            access.delete_namespace(self.admin, left["metadata"]["name"])
        slug = re.sub(r"[^a-z0-9]+", "-", f"{module}-{test.removeprefix('test_')}".lower()).strip("-")
        namespace = access.create_namespace(self.admin, slug, labels, drains=drains)
        recorder = Recorder(self.observer, namespace)
        recorder.start()
        return Lab(
            namespace=namespace,
            folder=folder,
            kinds=kinds,
            identities=Identities(self.admin.acting_as(access.learner(namespace)), self.observer, self.admin),
            recorder=recorder,
            course_images=self.course_images,
            kill=self.kill,
        )

    def close(self, lab: Lab, *, keep: bool) -> None:
        """End the lab; its namespace stays with `keep`, and else goes in the background."""
        lab.recorder.stop()
        try:
            self._free_node_ports(lab.namespace)
            if keep:
                access.keep(self.admin, lab.namespace)
            else:
                access.delete_namespace(self.admin, lab.namespace)
        except Refusal as refusal:
            raise InfrastructureError(
                f"Namespace {lab.namespace} could not be left in order: {refusal.message}",
                "Run `kindlings doctor`.",
            ) from None

    def _free_node_ports(self, namespace: str) -> None:
        """Delete the lab's Services at once: the namespace's own end may come after the next lab's start."""
        for service in self.admin.get(KINDS["Service"].path(namespace)).get("items") or []:
            if any(port.get("nodePort") for port in service["spec"].get("ports") or []):
                self.admin.delete(KINDS["Service"].path(namespace, service["metadata"]["name"]))

    def sweep(self) -> None:
        """Ask for the end of every namespace of this run that is neither kept nor ending."""
        for namespace in access.namespaces(self.admin, run=self.run):
            if _stays(namespace["metadata"]):
                continue
            access.delete_namespace(self.admin, namespace["metadata"]["name"])


def _stays(metadata: dict[str, Any]) -> bool:
    kept = (metadata.get("labels") or {}).get(f"{access.LABEL}kept") == "true"
    return kept or "deletionTimestamp" in metadata


def label_of(module: str, test: str) -> str:
    """Return the value of the label kindlings.dev/test for a test of a module."""
    return hashlib.sha256(f"{module}/{test}".encode()).hexdigest()[:16]
