"""Lab: the object that a lesson holds. It applies the learner's files and hands out what they made."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from kindlings import conditions, explain, following, manifests, objects, symptoms, terminal, waiting
from kindlings.cluster import access
from kindlings.cluster import exec as remote
from kindlings.cluster.api import APPLY, KINDS, Refusal
from kindlings.daemons import Node
from kindlings.errors import InfrastructureError, UsageError
from kindlings.explain import boundary, foreseen, refusals
from kindlings.explain.sources import Sources
from kindlings.handles import Claim, Controller, Pod, Pods, Stretch
from kindlings.network import Name, Service
from kindlings.predictions import Prediction
from kindlings.recorder import WATCHED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from kindlings.cluster.api import Api
    from kindlings.cluster.kind import Cluster
    from kindlings.cluster.kubectl import Kubectl
    from kindlings.commands import Command
    from kindlings.conditions import Condition, Target
    from kindlings.errors import LabFailure
    from kindlings.manifests import Document
    from kindlings.places import Place
    from kindlings.recorder import History, Object, Recorder
    from kindlings.waiting import Unmet


T = TypeVar("T")


@dataclass(frozen=True)
class Identities:
    """As whom a lab acts: `learner` creates what the files say, `observer` reads, `prober` runs commands."""

    learner: Api
    observer: Api
    prober: Api


class Lab:
    """One test's namespace on the cluster, and the learner's folder of manifests."""

    def __init__(
        self,
        *,
        place: Place,
        folder: Path,
        kinds: Sequence[str],
        identities: Identities,
        course_images: Sequence[str] = (),
        kill: Callable[[str, str], None] | None = None,
    ) -> None:
        """Work in the namespace `place` with files of `folder`, whose objects may be of `kinds`.

        `kill` ends the container of an ID on a node; without it the nodes are out of reach.
        """
        self.place = place
        self.namespace = place.name
        self.folder = folder
        self.files: list[str] = []
        self._learner = identities.learner
        self.observer = identities.observer
        self.prober = identities.prober
        self._kinds = tuple(kinds)
        self._documents: list[Document] = []
        self._applied: set[tuple[str, str]] = set()
        self._course_images = tuple(course_images)
        self._kill = kill
        self.node_ports: Mapping[int, int] = {}
        """From the cluster's node ports to the ports of this machine that lead there."""
        self.breakable: Callable[[], Cluster] | None = None
        """Gives the cluster in which parts may be taken away, where there may be one."""
        self.kubectl: Kubectl | None = None
        self.allowed: Sequence[str] = ()
        """The verbs that the lab takes in files of commands, as commands.parse has them."""
        self.ran: list[Command] = []
        """What has been run of such files so far."""
        self.began: float | None = None
        """When the first of the learner's files was used, in seconds of time.monotonic()."""

    # What a lesson uses.

    def apply(self, *files: str) -> Lab:
        """Create the objects of the learner's `files`, as `kubectl apply -f` would; returns the lab.

        Nothing is created where a file cannot be read or holds what the lab does not take. Raises LabFailure.
        """
        self.uses(*files)
        documents = [one for file in files for one in self.read(file)]
        self._documents = [old for old in self._documents if old.file not in files] + documents
        for document in documents:
            self._create(document)
        return self

    def run(self, file: str) -> terminal.Session:
        """Run the kubectl lines of the learner's `file`; returns what each printed. Raises LabFailure."""
        return terminal.run(self, file)

    def prediction(self, file: str = "predictions.yaml") -> Prediction:
        """Return the learner's answers in `file`, for the cluster to confirm or refute. Raises LabFailure."""
        self.uses(file)
        return Prediction(self.folder / file, self.observer, self.breakable)

    def pod(self, name: str) -> Pod:
        """Return the Pod of that name that a file defines, itself or by a StatefulSet (counter-0)."""
        if self.document("StatefulSet", name.rpartition("-")[0]) is None:
            self._demand("Pod", name)
        return Pod(self, name)

    def pods(self, selector: str) -> Pods:
        """Return the Pods that a label selector such as "app=counter,tier!=cache" chooses."""
        return Pods.with_labels(self, selector)

    def replicaset(self, name: str) -> Controller:
        """Return the ReplicaSet of that name."""
        return self._controller("ReplicaSet", name)

    def deployment(self, name: str) -> Controller:
        """Return the Deployment of that name."""
        return self._controller("Deployment", name)

    def daemonset(self, name: str) -> Controller:
        """Return the DaemonSet of that name."""
        return self._controller("DaemonSet", name)

    def statefulset(self, name: str) -> Controller:
        """Return the StatefulSet of that name."""
        return self._controller("StatefulSet", name)

    def service(self, name: str) -> Service:
        """Return the Service of that name that a file defines."""
        self._demand("Service", name)
        return Service(self, name)

    def dns(self, name: str, type_: str) -> Name:
        """Return a name of the lab's namespace ("golang", "counter-0.counter") to ask the cluster's DNS for.

        `type_` is that of the records: A or CNAME.
        """
        return Name(self, name, type_)

    def pvc(self, name: str) -> Claim:
        """Return the PersistentVolumeClaim of that name."""
        return Claim(self, name)

    @property
    def nodes(self) -> list[Node]:
        """Return the cluster's nodes, by name."""
        found = self.observer.get(KINDS["Node"].path()).get("items") or []
        return sorted(map(Node.of, found), key=lambda node: node.name)

    @contextmanager
    def history(self) -> Iterator[Stretch]:
        """Keep what happens inside the `with` block, to be judged afterwards by its `never`."""
        stretch = Stretch(self)
        try:
            yield stretch
        finally:
            stretch.close()

    # What handles use.

    @property
    def recorder(self) -> Recorder:
        """Return who watches the namespace, which is made when it is first needed."""
        return self.place.recorder()

    @property
    def learner(self) -> Api:
        """Return the connection with the learner's rights in the namespace, which is made now if need be."""
        self.place.recorder()
        return self._learner

    def uses(self, *files: str) -> None:
        """Note that `files` of the learner's are what the lab is about."""
        self.began = self.began or time.monotonic()
        self.files += [file for file in files if file not in self.files]

    @property
    def untouched(self) -> bool:
        """Tell whether its namespace is as it was when it was opened."""
        return not self._applied and not self.ran

    @property
    def sources(self) -> Sources:
        """Return what an explanation needs to find the learner's lines."""
        logs = partial(following.last, self.observer, self.namespace)
        return Sources(self._documents, self.namespace, self._course_images, logs, self.ran)

    def wait(self, target: Target, condition: Condition, timeout: float | None) -> list[Object]:
        """Wait as waiting.wait does, with LabFailure instead of Unmet."""

        def awaited() -> list[Object]:
            return waiting.wait(self.recorder, target, condition, timeout, self._course_images)

        found = self._explained(awaited)
        while getattr(condition, "living", False) and (ended := self._ended_unreported(found)):
            # The kubelet reports within seconds what containerd knows already; then judge again.
            waiting.wait(self.recorder, ended, conditions.unready())
            found = self._explained(awaited)
        return found

    def _ended_unreported(self, pods: list[Object]) -> Target | None:
        """Return one of these ready Pods that has a container which has ended already, or None."""
        asked = [
            (pod, str(container["name"]))
            for pod in pods
            for container in objects.containers(pod)
            if "readinessProbe" not in container
        ]

        def lives(one: tuple[Object, str]) -> bool:
            pod, container = one
            return remote.alive(self.prober, self.namespace, objects.name(pod), container)

        with ThreadPoolExecutor(len(asked) or 1) as pool:
            answers = list(pool.map(lives, asked))
        for (pod, _), lived in zip(asked, answers, strict=True):
            if not lived:
                return Pod(self, objects.name(pod), objects.uid(pod)).target
        return None

    def hold(self, target: Target, condition: Condition, seconds: float) -> None:
        """Hold as waiting.hold does, with LabFailure instead of Unmet."""
        self._explained(lambda: waiting.hold(self.recorder, target, condition, seconds))

    def never(self, history: History, target: Target, condition: Condition) -> None:
        """Judge as waiting.never does, with LabFailure instead of Unmet."""
        self._explained(lambda: waiting.never(history, target, condition))

    def fail(self, verdict: Unmet) -> NoReturn:
        """Raise the failure that explains `verdict`; InfrastructureError where the cluster lacks room."""
        if verdict.unserved:
            raise InfrastructureError(
                f"The cluster does not do its part: {verdict.unserved}, {verdict.saw.rsplit(', ', 1)[-1]}.",
                "Run `kindlings doctor`, then the lab again.",
            )
        for trouble in verdict.troubles:
            if trouble.family == "pending" and "Insufficient" in trouble.message:
                self._refuse_full_cluster(trouble.object, trouble.message)
            if symptoms.is_of_the_node(trouble, self._course_images):
                raise InfrastructureError(
                    f"A node lacks a course image: {objects.title(trouble.object)}, {trouble.message}",
                    "Run `kindlings up`, then the lab again.",
                )
            if trouble.family == "volume":
                raise InfrastructureError(
                    f"The cluster made no volume for {objects.title(trouble.object)}: {trouble.message}",
                    "Run the lab again. If it happens again, run `kindlings doctor`.",
                )
        raise explain.unmet(verdict, self.sources) from None

    def complete(self, failure: LabFailure) -> None:
        """Add to a failure of this lab what its files show, where nothing else is known of its cause."""
        foreseen.complete(failure.findings, self._documents)

    def kill(self, node: str, container_id: str) -> None:
        """Kill a container on its node."""
        if self._kill is None:
            raise UsageError("This cluster's nodes are out of reach: mark the test needs('node-access').")
        self._kill(node, container_id)

    def catch_up(self) -> None:
        """Wait until the recorder has seen what is there now: changes made by others than the lab itself."""
        for kind in WATCHED:
            if kind.kind not in {"Event", "EndpointSlice"}:
                answer = self.observer.get(kind.path(self.namespace))
                self.recorder.catch_up(kind.kind, answer.get("items") or [])

    def document(self, kind: str, name: str) -> Document | None:
        """Return the learner's document of that kind and name."""
        return next((one for one in self._documents if (one.kind, one.name) == (kind, name)), None)

    def read(self, file: str) -> Iterator[Document]:
        """Yield the objects of a file of the learner's, if they are what the lab takes. Raises LabFailure."""
        if "/" in file or "\\" in file or file.startswith("."):
            raise UsageError(f"A lesson names a file of its own folder, not {file}.")
        known = {kind.kind: kind.group_version for kind in KINDS.values()}
        for document in manifests.read(self.folder / file).documents:
            failure = refusals.wrong_kind(document, self._kinds, known)
            failure = failure or refusals.foreign_namespace(document, self.namespace)
            failure = failure or boundary.beyond(document)
            if failure is not None:
                raise failure
            yield document

    # How it does it.

    def _explained(self, judge: Callable[[], T]) -> T:
        try:
            return judge()
        except waiting.Unmet as verdict:
            self.fail(verdict)

    def _create(self, document: Document) -> None:
        kind = KINDS[document.kind]
        identity = (document.kind, document.name)
        try:
            if identity in self._applied:
                path = kind.path(self.namespace, document.name)
                query = {"fieldManager": "kindlings", "force": "true", "fieldValidation": "Strict"}
                self.learner.patch(path, document.data, APPLY, **query)
            else:
                path = kind.path(self.namespace)
                self.learner.create(path, document.data, fieldValidation="Strict", fieldManager="kindlings")
        except Refusal as refusal:
            if refusal.code in {403, 404} and not access.is_there(self.prober, self.namespace):
                raise InfrastructureError(
                    f"The lab's namespace {self.namespace} was deleted while the lab was under way.",
                    "Run the lab again. If it happens again, see who else deletes namespaces of the cluster.",
                ) from None
            if refusal.code >= 500 or refusal.code == 401:
                raise InfrastructureError(
                    f"The API server failed to take {document.title}: {refusal.message}",
                    "Run the lab again. If it happens again, run `kindlings doctor`.",
                ) from None
            if "already allocated" in refusal.message:
                self._refuse_taken_port(document)
            look = f"kindlings kubectl explain {document.kind.lower()} --recursive"
            raise refusals.refused(document, refusal, look, self.document(*identity)) from None
        self._applied.add(identity)

    def _refuse_taken_port(self, document: Document) -> None:
        """Tell a node port that another namespace holds from one that the learner's files give twice."""
        wanted = {value for path, value in document.walk() if path[-1] == "nodePort"}
        for service in self.observer.get(KINDS["Service"].path()).get("items") or []:
            space = service["metadata"]["namespace"]
            held = {port.get("nodePort") for port in service["spec"].get("ports") or []}
            if space != self.namespace and wanted & held:
                ports = ", ".join(str(port) for port in wanted & held)
                raise InfrastructureError(
                    f"Node port {ports} is held by Service {objects.name(service)} of namespace {space}.",
                    f"Run `kindlings kubectl -n {space} delete service {objects.name(service)}`.",
                )

    def _demand(self, kind: str, name: str) -> None:
        if self._documents and self.document(kind, name) is None:
            raise explain.absent(kind, name, self.sources, tuple(self.files))

    def _controller(self, kind: str, name: str) -> Controller:
        self._demand(kind, name)
        return Controller(self, kind, name)

    def _refuse_full_cluster(self, pod: Object, message: str) -> None:
        """Tell a Pod that no node could ever hold from one that other namespaces leave no room for."""
        nodes: list[dict[str, Any]] = self.observer.get(KINDS["Node"].path()).get("items") or []
        asked: dict[str, Any] = {}
        for container in objects.containers(pod):
            for resource, amount in ((container.get("resources") or {}).get("requests") or {}).items():
                asked[resource] = asked.get(resource, 0) + (objects.quantity(amount) or 0)
        for node in nodes:
            free = node["status"]["allocatable"]
            if all((objects.quantity(free.get(key, 0)) or 0) >= amount for key, amount in asked.items()):
                name = objects.name(pod)
                raise InfrastructureError(
                    f"The cluster has no room for Pod {name}, which an empty node could hold: {message}",
                    "Wait until other labs have ended, or run `kindlings down` and `kindlings up`.",
                )
