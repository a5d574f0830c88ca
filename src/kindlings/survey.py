"""What is not well in a namespace, and why, without a lesson that says what should be: `kindlings explain`.

An object is asked for what its own kind promises: a Pod to be ready, a controller to have as many ready Pods
as it asks for, a Service to have one behind it, a claim that is used to have a volume. Where the learner's
file is not given, a cause names the field of the object instead of a line.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from kindlings import conditions, explain, following, manifests, objects, paths, symptoms
from kindlings.cluster import access, images, state
from kindlings.cluster.api import KINDS, Api, Refusal
from kindlings.conditions import Met, Scene, Target
from kindlings.errors import Place, UsageError
from kindlings.explain.sources import Sources
from kindlings.manifests import Document
from kindlings.recorder import Recorder
from kindlings.services import Serving
from kindlings.waiting import Unmet
from kindlings.writers import message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from kindlings.conditions import Condition
    from kindlings.errors import Findings
    from kindlings.manifests import FieldPath
    from kindlings.recorder import Object, Snapshot

CONTROLLERS: Final = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")
ASKED: Final = (*CONTROLLERS, "Pod", "PersistentVolumeClaim", "Service")
"""The kinds that are asked how they are, those first that others depend on."""


class Survey:
    """One look at a namespace by the identity of `api`; `course_images` are those that its nodes have."""

    def __init__(
        self, api: Api, namespace: str, files: Sequence[Document] = (), course_images: Sequence[str] = ()
    ) -> None:
        """Look at `namespace` now. Raises UsageError where there is none, InfrastructureError."""
        try:
            api.get(KINDS["Namespace"].path(name=namespace))
        except Refusal as refusal:
            if refusal.code != 404:
                raise UsageError(f"Namespace {namespace} cannot be read: {refusal.message}") from None
            raise UsageError(
                f"There is no namespace {namespace}.", "See `kindlings kubectl get ns`."
            ) from None
        recorder = Recorder(api, namespace)
        recorder.start()
        self.snapshot = recorder.snapshot()
        recorder.stop()
        known = {(one.kind, one.name) for one in files}
        seen = [_as_document(one) for one in self.roots if (one["kind"], objects.name(one)) not in known]
        logs = partial(following.last, api, namespace)
        self._sources = Sources([*files, *seen], namespace, course_images, logs)

    def unwell(self) -> Iterator[tuple[str, Findings]]:
        """Yield each object that does not do what its kind promises, and what is known of why."""
        for one in self.roots:
            asked = self._asked(one)
            if asked is None:
                continue
            target, condition, expected = asked
            scene = Scene(target, self.snapshot)
            verdict = condition.check(scene)
            if isinstance(verdict, Met):
                continue
            saw = verdict.why if isinstance(verdict, conditions.NotYet) else verdict.proof
            found = symptoms.find(scene)
            unmet = Unmet(condition, target, expected, saw, self.snapshot, troubles=found)
            yield objects.title(one), explain.unmet(unmet, self._sources).findings

    @property
    def roots(self) -> list[Object]:
        """Return the objects that no other of them has made, in the order of ASKED."""
        return [one for kind in ASKED for one in self.snapshot.all(kind) if not self._has_owner(one)]

    def _has_owner(self, one: Object) -> bool:
        owners = one["metadata"].get("ownerReferences") or []
        return any(owner.get("controller") and owner.get("kind") in CONTROLLERS for owner in owners)

    def _asked(self, one: Object) -> tuple[Target, Condition, str] | None:
        """Return what an object is asked for, or None where its kind promises nothing now."""
        title, kind, spec = objects.title(one), one["kind"], one.get("spec") or {}
        itself = Target(title, kind, _always(one))
        if objects.terminating(one):
            return None
        if kind in CONTROLLERS:
            status = one.get("status") or {}
            wanted = (
                status.get("desiredNumberScheduled", 0) if kind == "DaemonSet" else spec.get("replicas", 1)
            )
            pods = Target(
                f"the Pods of {title}",
                "Pod",
                lambda snapshot: objects.pods_of(snapshot, one),
                owner=lambda _: one,
                plural=True,
            )
            return pods, conditions.ready(wanted), f"{title} with {conditions.plural(wanted, 'ready Pod')}"
        if kind == "Pod":
            return (
                None if objects.phase(one) == "Succeeded" else (itself, conditions.ready(), f"{title} ready")
            )
        if kind == "PersistentVolumeClaim":
            # A class may wait for the first Pod, so a claim that nobody uses promises nothing.
            used = any(objects.name(one) in _claims(pod) for pod in self.snapshot.all("Pod"))
            return (itself, conditions.bound(), f"{title} Bound to a volume") if used else None
        if not spec.get("selector") or spec.get("type") == "ExternalName":
            return None
        return itself, Serving(""), f"{title} with a ready Pod behind it"


def report(survey: Survey, namespace: str) -> tuple[str, int]:
    """Return what a person reads, and how many objects are unwell."""
    found = [
        message.failure(message.Heading(namespace, "", title), findings)
        for title, findings in survey.unwell()
    ]
    if found:
        return "\n\n".join(found), len(found)
    count = len(survey.roots)
    if not count:
        return f"Namespace {namespace} holds nothing that could be unwell.", 0
    return f"All is well in namespace {namespace}: {conditions.plural(count, 'object')} looked at.", 0


def explain_namespace(namespace: str, files: Sequence[Path], context: str | None) -> tuple[str, int]:
    """Look at a namespace of the course's cluster, or of another `context` of the user's own kubeconfig.

    Returns what `report` does. Raises UsageError, InfrastructureError, and LabFailure for a file that cannot
    be read.
    """
    documents = [one for file in files for one in manifests.read(file).documents]
    if context is None:
        record = state.require(state.chosen_name())
        api = access.ensure_recorder(Api(state.kubeconfig(record.name)))
        return report(Survey(api, namespace, documents, images.course_images()), namespace)
    api = Api(paths.user_kubeconfig(), context=context)
    text, unwell = report(Survey(api, namespace, documents), namespace)
    return text.replace("kindlings kubectl ", f"kubectl --context {context} "), unwell


def _always(one: Object) -> Callable[[Snapshot], list[Object]]:
    return lambda _: [one]


def _claims(pod: Object) -> list[str]:
    volumes = pod["spec"].get("volumes") or []
    return [(one.get("persistentVolumeClaim") or {}).get("claimName", "") for one in volumes]


def _as_document(one: Object) -> Document:
    """Return an object of the cluster as if a file had it, each field being its own place."""
    places: dict[FieldPath, Place] = {(): Place(objects.title(one))}

    def enter(value: object, path: FieldPath) -> None:
        if path:
            places[path] = Place(f"{objects.title(one)}, {_written(path)}")
        if isinstance(value, dict):
            for key, below in value.items():
                enter(below, (*path, str(key)))
        elif isinstance(value, list):
            for index, below in enumerate(value):
                enter(below, (*path, index))

    enter({key: one.get(key) for key in ("kind", "metadata", "spec") if key in one}, ())
    return Document(objects.title(one), one, places)


def _written(path: FieldPath) -> str:
    """Return the path as the API server writes it: spec.containers[0].image."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
