"""What one pytest session holds of the cluster: its connections, and a namespace for each test."""

from __future__ import annotations

import hashlib
import itertools
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import filelock

from kindlings import paths
from kindlings.cluster import access, inside
from kindlings.cluster.api import KINDS, Api, Refusal
from kindlings.cluster.kubectl import Kubectl
from kindlings.console import make_progress
from kindlings.errors import InfrastructureError, UsageError
from kindlings.lab import Identities, Lab
from kindlings.places import Place
from kindlings.recorder import Recorder, watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from kindlings.cluster.kind import Cluster
    from kindlings.lesson import Lesson


@dataclass
class Session:
    """Connections to one cluster for one run, and the labs that it opened."""

    kubeconfig: Path
    run: str
    context: str | None = None
    course_images: Sequence[str] = ()
    kill: Callable[[str, str], None] | None = None
    breakable: Callable[[], Cluster] | None = None
    """Gives the cluster in which parts may be taken away; made when it is first asked for."""
    kubectl: Path | None = None
    """The kubectl of the labs of commands; by default one is looked for when a lab first needs it."""
    node_ports: Mapping[int, int] = field(default_factory=dict)
    """From node ports to the ports of this machine that lead there."""
    wipe: Callable[[str], None] | None = None
    """Removes a folder below policies.ROOT from every node."""
    graded: bool = False
    """Whether the labs are limited as those of strangers are."""
    admin: Api = field(init=False)
    observer: Api = field(init=False)
    _prepared: dict[tuple[object, ...], list[Place]] = field(init=False, default_factory=dict)
    _locks: dict[str, filelock.BaseFileLock] = field(init=False, default_factory=dict)
    _folders: dict[str, Lesson] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._background = ThreadPoolExecutor(1, "prepare")
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
        if need == "break-cluster":
            return self.breakable is not None
        if need == "host-path":
            return self.wipe is not None
        if need == "node-port":
            return self.context is None  # elsewhere nobody knows where node ports can be reached
        if need == "inside":
            return True  # a helper Pod, which is made along with the namespace
        if need == "no-load-balancer":
            return self.context is None or self.context.startswith(("kind-", "minikube"))
        raise UsageError(
            f"A lesson needs {need}: that is not among nodes>=N, node-port, node-access, host-path, inside, "
            "no-load-balancer, break-cluster."
        )

    def prepare(self, about: Lesson, test: str) -> None:
        """Make the namespace for `test` in the background: the next `open` of it finds it ready."""
        place = self._place(about, test)
        self._background.submit(place.recorder)
        self._prepared.setdefault(_kept_by(about, test), []).append(place)

    def is_prepared(self, about: Lesson, test: str) -> bool:
        """Tell whether the next `open` of `test` finds its namespace ready, or in the making."""
        return bool(self._prepared.get(_kept_by(about, test)))

    def open(self, about: Lesson, test: str, folder: Path) -> Lab:
        """Give `test` of the lesson a namespace of its own, and the learner's `folder` of manifests.

        Unless it was prepared, the namespace is made when the lab first needs it. A lesson that needs node
        ports, or a folder of the nodes, has them for itself until it is closed: they are the cluster's, and
        labs ask for the same ones, in parallel processes, too. Raises InfrastructureError.
        """
        need = shared(about.needs)
        lock = _lock(need) if need else None
        if lock:
            lock.acquire()
        try:
            self._forget(about, test)
        except BaseException:
            if lock:
                lock.release()
            raise
        prepared = self._prepared.get(_kept_by(about, test))
        place = prepared.pop() if prepared else self._place(about, test)
        if lock:
            self._locks[place.name] = lock
        if "host-path" in about.needs:
            self._folders[place.name] = about
            place.before = lambda: self._empty_folder(about)
        learner = self.admin.acting_as(access.learner(place.name))
        lab = Lab(
            place=place,
            folder=folder,
            kinds=about.kinds or access.LEARNER_KINDS,
            identities=Identities(learner, self.observer, self.admin),
            course_images=self.course_images,
            kill=self.kill,
        )
        lab.node_ports = self.node_ports
        lab.breakable = self.breakable
        lab.kubectl, lab.allowed = Kubectl(self._kubectl, self.kubeconfig, self.context), about.commands
        return lab

    def _kubectl(self) -> Path:
        if self.kubectl is None:
            from kindlings.cluster import tools  # noqa: PLC0415 - seldom needed

            self.kubectl = tools.kubectl(make_progress(sys.stderr))
        return self.kubectl

    def _place(self, about: Lesson, test: str) -> Place:
        """Return a namespace that is not made yet."""
        slug = re.sub(r"[^a-z0-9]+", "-", f"{about.module}-{test.removeprefix('test_')}".lower()).strip("-")
        name = access.unique(slug)
        return Place(name, lambda: self._make(name, about, test))

    def _make(self, namespace: str, about: Lesson, test: str) -> Recorder:
        """Make a namespace and watch it."""
        labels = {"run": self.run, "test": label_of(about.module, test)}
        folder = about.module if "host-path" in about.needs else ""
        access.create_namespace(
            self.admin,
            namespace,
            labels,
            drains=about.draining,
            folder=folder,
            node_ports="node-port" in about.needs,
            graded=self.graded,
        )
        recorder = Recorder(self.observer, namespace, watched(_kinds(about)))
        recorder.start()
        if "inside" in about.needs:
            inside.prepare(self.admin, namespace)
        return recorder

    def _forget(self, about: Lesson, test: str) -> None:
        """Have go what was kept of an earlier run of the test."""
        for left in access.namespaces(self.admin, test=label_of(about.module, test), kept="true"):
            access.delete_namespace(self.admin, left["metadata"]["name"])

    def close(self, lab: Lab, *, keep: bool) -> None:
        """End the lab; its namespace, where it needed one, stays with `keep`, or goes in the background."""
        recorder = lab.place.made()
        try:
            if recorder is not None:
                recorder.stop()
                self._leave(lab.namespace, keep=keep)
        except Refusal as refusal:
            raise InfrastructureError(
                f"Namespace {lab.namespace} could not be left in order: {refusal.message}",
                "Run `kindlings doctor`.",
            ) from None
        finally:
            self._folders.pop(lab.namespace, None)
            if lock := self._locks.pop(lab.namespace, None):
                lock.release()

    def _leave(self, namespace: str, *, keep: bool) -> None:
        self._free_node_ports(namespace)
        if keep:
            access.keep(self.admin, namespace)
            return
        if (about := self._folders.get(namespace)) is not None:
            self._empty_folder(about)
        access.delete_namespace(self.admin, namespace)

    def give_back(self, lab: Lab, about: Lesson, test: str) -> None:
        """End a lab that has made nothing; its namespace is as good as new for the next `open` of `test`."""
        self._prepared.setdefault(_kept_by(about, test), []).append(lab.place)
        self._folders.pop(lab.namespace, None)
        if lock := self._locks.pop(lab.namespace, None):
            lock.release()

    def _free_node_ports(self, namespace: str) -> None:
        """Delete the lab's Services at once: the namespace's own end may come after the next lab's start."""
        for service in self.admin.get(KINDS["Service"].path(namespace)).get("items") or []:
            if any(port.get("nodePort") for port in service["spec"].get("ports") or []):
                self.admin.delete(KINDS["Service"].path(namespace, service["metadata"]["name"]))

    def _empty_folder(self, about: Lesson) -> None:
        """Remove the lesson's folder from the nodes, if it has one.

        A Pod of an earlier lab that still has it mounted keeps what was removed, and never sees the next one.
        """
        if "host-path" in about.needs and self.wipe is not None:
            self.wipe(about.module)

    def end(self, *, keep: bool) -> None:
        """End the session: what was prepared and not used goes, and all that it opened unless `keep`."""
        self._background.shutdown()
        for unused in itertools.chain.from_iterable(self._prepared.values()):
            if (recorder := unused.made()) is not None:
                recorder.stop()
                access.delete_namespace(self.admin, unused.name)
        for namespace in [] if keep else access.namespaces(self.admin, run=self.run):
            if not _stays(namespace["metadata"]):
                access.delete_namespace(self.admin, namespace["metadata"]["name"])


SHARED: Final = frozenset({"node-port", "host-path", "break-cluster"})
"""What a lesson may need that the cluster has once for all its labs."""


def shared(needs: Iterable[str]) -> str:
    """Return the first of `needs` that the cluster has once for all labs, or ""."""
    return next((need for need in needs if need in SHARED), "")


def _kinds(about: Lesson) -> Iterable[str]:
    """Return the kinds that a lesson keeps to; none for one of commands, whose objects no list limits."""
    return () if about.commands else about.kinds


def _kept_by(about: Lesson, test: str) -> tuple[object, ...]:
    """Return what a prepared namespace is kept by: everything that it is made by."""
    needs = "host-path" in about.needs, "inside" in about.needs
    return about.module, test, about.draining, _kinds(about), *needs


def _lock(need: str) -> filelock.BaseFileLock:
    """Return the lock of what the cluster has once: its node ports, the folders of its nodes."""
    paths.state().mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(paths.state() / f"{need}s.lock")


def _stays(metadata: dict[str, Any]) -> bool:
    kept = (metadata.get("labels") or {}).get(f"{access.LABEL}kept") == "true"
    return kept or "deletionTimestamp" in metadata


def label_of(module: str, test: str) -> str:
    """Return the value of the label kindlings.dev/test for a test of a module."""
    return hashlib.sha256(f"{module}/{test}".encode()).hexdigest()[:16]
