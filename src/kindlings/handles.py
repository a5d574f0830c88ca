"""What a lesson holds of the learner's objects: Pods, their controllers, claims."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from kindlings import conditions, explain, following, objects
from kindlings.cluster import exec as remote
from kindlings.cluster.api import KINDS, MERGE, Refusal
from kindlings.conditions import Impossible, Met, Scene, Target
from kindlings.errors import Findings, InfrastructureError, LabFailure
from kindlings.explain import crashes, probes, variables
from kindlings.logs import Line, LogView
from kindlings.recorder import History
from kindlings.selectors import matches

if TYPE_CHECKING:
    from kindlings.conditions import Condition, Verdict
    from kindlings.lab import Lab
    from kindlings.logs import LogCondition
    from kindlings.manifests import Document
    from kindlings.recorder import Object, Snapshot


class Handle:
    """One object by kind and name; of one UID only, where it was handed out by a wait."""

    def __init__(self, lab: Lab, kind: str, name: str, uid: str = "") -> None:
        self.lab = lab
        self.kind = kind
        self.name = name
        self._uid = uid

    def __repr__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def uid(self) -> str:
        """Return the object's UID, that of the object which is there now where none was fixed."""
        found = self._select(self.lab.recorder.snapshot())
        return self._uid or (objects.uid(found[0]) if found else "")

    @property
    def target(self) -> Target:
        """Return what conditions judge."""
        return Target(f"{self.kind} {self.name}", self.kind, self._select)

    def _select(self, snapshot: Snapshot) -> list[Object]:
        found = snapshot.with_uid(self.kind, self._uid) if self._uid else snapshot.named(self.kind, self.name)
        return [found] if found else []

    def wait(self, condition: Condition, timeout: float | None = None) -> Self:
        """Wait until `condition` holds, by default as long as it may need; returns the handle.

        Raises LabFailure.
        """
        self.lab.wait(self.target, condition, timeout)
        return self

    def hold(self, condition: Condition, seconds: float) -> Self:
        """Demand that `condition` holds now and at every event of the next `seconds`. Raises LabFailure."""
        self.lab.hold(self.target, condition, seconds)
        return self

    def delete(self) -> None:
        """Delete the object, if it is still the one of this handle."""
        body = {"preconditions": {"uid": self._uid}} if self._uid else None
        try:
            self.lab.learner.delete(KINDS[self.kind].path(self.lab.namespace, self.name), body)
        except Refusal as refusal:
            raise InfrastructureError(f"{self} could not be deleted: {refusal.message}") from None

    def label(self, **labels: str | None) -> Self:
        """Set labels, or remove those given as None, as `kubectl label` does."""
        self._patch({"metadata": {"labels": labels}})
        return self

    def _patch(self, body: dict[str, Any], subresource: str = "", content_type: str = MERGE) -> None:
        path = KINDS[self.kind].path(self.lab.namespace, self.name, subresource)
        try:
            changed = self.lab.learner.patch(path, body, content_type)
        except Refusal as refusal:
            findings = Findings(f"{self} to be changed", f"refused: {refusal.message}")
            raise LabFailure(findings) from None
        # What is judged next must not be the status of what was there before.
        self.lab.recorder.catch_up(self.kind, [changed])


@dataclass(frozen=True)
class _Started:
    """Whether a container has a log: it runs, or ran."""

    container: str
    tolerates: frozenset[str] = frozenset({"crash", "ended"})
    patience: float = conditions.PATIENCE

    def describe(self, target: Target) -> str:
        return (
            f"container {self.container} of {target.title} started"
            if self.container
            else f"{target.title} started"
        )

    def check(self, scene: Scene) -> Verdict:
        for pod in scene.objects:
            states = {one["name"]: one.get("state") or {} for one in objects.statuses(pod)}
            names = [one["name"] for one in objects.containers(pod)]
            if self.container and self.container not in names:
                return Impossible(f"no container {self.container} among {', '.join(names)}")
            wanted = [self.container] if self.container else names
            if all({"running", "terminated"} & states.get(name, {}).keys() for name in wanted):
                return Met([pod])
        return conditions.NotYet(conditions.what_is_there(scene))


class Log:
    """The log of one container, or of a Pod whose container was not named."""

    def __init__(self, pod: Pod, container: str) -> None:
        self._pod = pod
        self._container = container

    def wait(self, condition: LogCondition, timeout: float = following.PATIENCE) -> None:
        """Follow the log until `condition` holds, at most `timeout` seconds. Raises LabFailure."""
        lab, pod = self._pod.lab, self._pod
        lab.wait(pod.target, _Started(self._container), None)
        verdict = following.follow(lab.observer, lab.namespace, pod.name, self._container, condition, timeout)
        if isinstance(verdict, Met):
            return
        saw = verdict.proof if isinstance(verdict, Impossible) else f"{verdict.why}, after {timeout:.0f} s"
        title = f"the log of container {self._container}" if self._container else f"the log of {pod}"
        named = f" -c {self._container}" if self._container else ""
        document = pod.document
        # What one container lacks may come of another that does not run.
        because = explain.beside(pod.target, self._container, lab.sources, lab.recorder.snapshot())
        place = None
        if self._container and not because:
            because, place = crashes.written(document, self._container, saw, lab.sources)
        elif document is not None and not because:
            because = explain.container_names(document, lab.sources)
        look = lab.sources.look(f"logs {pod.name}{named}")
        read = explain.READ_LOGS
        raise LabFailure(Findings(condition.describe(title), saw, because, look, read, place=place))


class Pod(Handle):
    """A Pod."""

    def __init__(self, lab: Lab, name: str, uid: str = "") -> None:
        super().__init__(lab, "Pod", name, uid)

    @property
    def document(self) -> Document | None:
        """Return the learner's document that made the Pod, be it a controller's."""
        snapshot = self.lab.recorder.snapshot()
        found = self._select(snapshot)
        return self.lab.sources.of(found[0], snapshot) if found else self.lab.document("Pod", self.name)

    @property
    def node(self) -> str:
        """Return the name of the node on which the Pod runs, empty where none was chosen yet."""
        found = self._select(self.lab.recorder.snapshot())
        return str(found[0]["spec"].get("nodeName") or "") if found else ""

    @property
    def target(self) -> Target:
        """Return what conditions judge, with the StatefulSet that is to make the Pod, where one is."""
        owner = self.name.rpartition("-")[0]
        made = (
            self.lab.document("StatefulSet", owner) is not None
            and self.lab.document("Pod", self.name) is None
        )
        return Target(
            f"{self.kind} {self.name}",
            self.kind,
            self._select,
            owner=lambda snapshot: snapshot.named("StatefulSet", owner) if made else None,
        )

    def logs(self, container: str = "") -> Log:
        """Return the log of `container`; without one, as `kubectl logs POD` asks for it."""
        return Log(self, container)

    def exec(self, container: str, *command: str) -> Output:
        """Run `command` in `container`, once it runs, and return what it printed.

        Raises LabFailure where it ends with another exit code than 0.
        """
        self.lab.wait(self.target, _Started(container), None)
        try:
            printed = remote.run(self.lab.prober, self.lab.namespace, self.name, container, command)
        except InfrastructureError:
            self._ended_meanwhile(remote.expected(container, self.name, command))
            raise
        except LabFailure as failure:
            said, document = failure.findings.saw, self.document
            if said.startswith(remote.KILLED):
                self._ended_meanwhile(remote.expected(container, self.name, command))
            failure.findings.because = crashes.found(document, container, said, self.lab.sources)
            raise
        return Output(self, container, command, printed)

    def _ended_meanwhile(self, expected: str) -> None:
        """Raise LabFailure where what was done to a container came to nothing because that has just ended."""
        snapshot, sources = self.lab.recorder.snapshot(), self.lab.sources
        for pod in self._select(snapshot):
            document = sources.of(pod, snapshot)
            if document and (because := probes.killed(pod, document, sources, snapshot)):
                saw, look = "the container ended meanwhile", sources.look(f"describe pod {self.name}")
                raise LabFailure(Findings(expected, saw, because, look, probes.READ))
        self.lab.wait(self.target, conditions.ready(), None)

    def kill(self, container: str) -> None:
        """Kill the container's first process from its node, as if it had crashed."""
        scene = self.lab.recorder.snapshot()
        for pod in self._select(scene):
            for status in objects.statuses(pod):
                if status["name"] == container and status.get("containerID"):
                    self._kill(pod["spec"]["nodeName"], status)
                    return
        raise InfrastructureError(f"Container {container} of {self} does not run, so it cannot be killed.")

    def _kill(self, node: str, status: Object) -> None:
        try:
            self.lab.kill(node, status["containerID"].rpartition("/")[2])
        except InfrastructureError:
            # A container that has just ended by itself cannot be killed.
            self._ended_meanwhile(f"container {status['name']} of {self} to run until it is killed")
            raise


@dataclass(frozen=True)
class Output:
    """What a command printed in a container."""

    pod: Pod
    container: str
    command: tuple[str, ...]
    text: str

    def shows(self, wanted: str) -> None:
        """Demand that the output contains `wanted`, that of `env` as a whole line. Raises LabFailure."""
        lines = self.text.strip().splitlines()
        variable = wanted.partition("=")[0] if self.command == ("env",) else ""
        if wanted in (lines if variable else self.text):
            return
        if variable:
            lines = [line for line in lines if line.startswith(f"{variable}=")] or [f"no {variable}"]
        raise self._failure(f"{self} to show {wanted}", (lines[-1:] or ["nothing"])[0][:120], variable)

    def value(self, variable: str) -> str:
        """Return the value of a variable that `env` has printed. Raises LabFailure where it has none."""
        for line in self.text.splitlines():
            name, _, value = line.partition("=")
            if name == variable and value:
                return value
        raise self._failure(f"{self} to show a value of {variable}", f"no {variable}", variable)

    def satisfies(self, condition: LogCondition) -> None:
        """Demand that the output is as `condition` says. Raises LabFailure."""
        view = LogView([Line(0.0, line) for line in self.text.splitlines()], ended=True)
        verdict = condition.check(view)
        if not isinstance(verdict, Met):
            saw = verdict.proof if isinstance(verdict, Impossible) else verdict.why
            raise self._failure(condition.describe(str(self)), saw)

    def _failure(self, expected: str, saw: str, variable: str = "") -> LabFailure:
        document, sources = self.pod.document, self.pod.lab.sources
        if variable:
            because, read = variables.source(variable, self.container, document, sources), explain.READ_ENV
        else:
            because, _ = crashes.written(document, self.container, saw, sources)
            read = explain.READ_KIND["Pod"]
        look = sources.look(f"describe pod {self.pod.name}")
        return LabFailure(Findings(expected, saw, because, look, read))

    def __str__(self) -> str:
        """Return how it is called in sentences."""
        return f"`{' '.join(self.command)}` in container {self.container}"


class Claim(Handle):
    """A PersistentVolumeClaim."""

    def __init__(self, lab: Lab, name: str, uid: str = "") -> None:
        super().__init__(lab, "PersistentVolumeClaim", name, uid)


class Pods:
    """Several Pods that belong together: a controller's, or those with some labels."""

    def __init__(self, lab: Lab, target: Target) -> None:
        self.lab = lab
        self.target = target

    @classmethod
    def with_labels(cls, lab: Lab, selector: str) -> Pods:
        """Return the Pods that `selector` chooses."""

        def select(snapshot: Snapshot) -> list[Object]:
            return [
                one for one in snapshot.all("Pod") if matches(selector, one["metadata"].get("labels") or {})
            ]

        return cls(lab, Target(f"the Pods with {selector}", "Pod", select, plural=True))

    def wait(self, condition: Condition, timeout: float | None = None) -> list[Pod]:
        """Wait until `condition` holds, by default as long as it may need; returns its Pods.

        They come by name, or by what the condition orders them by.
        """
        found = self.lab.wait(self.target, condition, timeout)
        if not getattr(condition, "orders", False):
            found = sorted(found, key=objects.name)
        return [Pod(self.lab, objects.name(one), objects.uid(one)) for one in found]

    def hold(self, condition: Condition, seconds: float) -> Pods:
        """Demand that `condition` holds now and at every event of the next `seconds`."""
        self.lab.hold(self.target, condition, seconds)
        return self


class Stretch:
    """What happened in the lab inside a `with lab.history()` block."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._history = History(lab.recorder)

    def close(self) -> None:
        """End the stretch now."""
        self._history.close()

    def never(self, condition: Condition, of: Pods | Handle | None = None) -> None:
        """Demand that `condition` held at no moment for what `of` names, by default all Pods of the lab.

        Raises LabFailure at the first moment where it did, InfrastructureError where one was not observed.
        """
        everyone = Target("the lab's Pods", "Pod", lambda snapshot: snapshot.all("Pod"), plural=True)
        self._lab.never(self._history, of.target if of else everyone, condition)


class Controller(Handle):
    """A ReplicaSet, Deployment, DaemonSet or StatefulSet."""

    @property
    def target(self) -> Target:
        """Return what conditions judge: the controller, whose Pods' troubles are its own."""
        return replace(super().target, parts=self._parts)

    @property
    def pods(self) -> Pods:
        """Return the Pods that it owns, a Deployment's through its ReplicaSets."""
        title = f"the Pods of {self.kind} {self.name}"
        return Pods(self.lab, Target(title, "Pod", self._owned, owner=self._object, plural=True))

    def _object(self, snapshot: Snapshot) -> Object | None:
        return next(iter(self._select(snapshot)), None)

    def _owned(self, snapshot: Snapshot) -> list[Object]:
        return objects.pods_of(snapshot, self._object(snapshot))

    def _parts(self, snapshot: Snapshot) -> list[Object]:
        owner = self._object(snapshot)
        return [*objects.owned_by(snapshot, "ReplicaSet", owner), *objects.pods_of(snapshot, owner)]

    def scale(self, replicas: int) -> Self:
        """Ask for `replicas`, as `kubectl scale` does."""
        self._patch({"spec": {"replicas": replicas}}, "scale")
        return self

    def set_image(self, image: str, container: str = "") -> Self:
        """Give `container` (or the only one) another image, as `kubectl set image` does."""
        document = self.lab.document(self.kind, self.name)
        name = container or (
            document.get("spec", "template", "spec", "containers", 0, "name") if document else ""
        )
        body = {"spec": {"template": {"spec": {"containers": [{"name": name, "image": image}]}}}}
        self._patch(body, content_type="application/strategic-merge-patch+json")
        return self
