"""From what happened and what was written to what the learner reads."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

from kindlings import objects, symptoms
from kindlings.conditions import Scene
from kindlings.errors import Findings, LabFailure, Place
from kindlings.explain import (
    commands,
    crashes,
    foreseen,
    host_paths,
    images,
    metadata,
    mounts,
    nodes,
    pending,
    probes,
    readiness,
    rollouts,
    services,
    stateful,
    strategies,
    variables,
)

if TYPE_CHECKING:
    from kindlings.conditions import Target
    from kindlings.explain.sources import Sources
    from kindlings.manifests import Document, FieldPath
    from kindlings.recorder import Snapshot
    from kindlings.symptoms import Symptom
    from kindlings.waiting import Unmet

READ_KIND: Final = {
    "Pod": "https://kubernetes.io/docs/concepts/workloads/pods/",
    "ReplicaSet": "https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/",
    "Deployment": "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/",
    "DaemonSet": "https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/",
    "StatefulSet": "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/",
    "Service": "https://kubernetes.io/docs/concepts/services-networking/service/",
    "PersistentVolumeClaim": "https://kubernetes.io/docs/concepts/storage/persistent-volumes/",
}
_DEFAULTS: Final[dict[tuple[str, ...], str]] = {
    ("restartPolicy",): ", and the default is Always",
    ("replicas",): ", and the default is 1",
    ("progressDeadlineSeconds",): ", and the default is 600",
    ("persistentVolumeClaimRetentionPolicy", "whenDeleted"): ", and the default is Retain",
}
READ_ENV: Final = "https://kubernetes.io/docs/concepts/workloads/pods/downward-api/"
READ_LOGS: Final = "https://kubernetes.io/docs/concepts/cluster-administration/logging/"


def unmet(verdict: Unmet, sources: Sources) -> LabFailure:
    """Return the failure that tells what was expected, what was seen and, where it is certain, why."""
    findings = Findings(
        expected=verdict.expected,
        saw=verdict.saw,
        look=_look(verdict, sources),
        read=READ_KIND.get(verdict.target.kind, READ_KIND["Pod"]),
    )
    for trouble in () if _is_beside_the_point(verdict, sources) else verdict.troubles:
        document = sources.of(trouble.object, verdict.snapshot)
        if document is not None:
            findings.because, findings.read = _because(trouble, document, sources, verdict.snapshot)
            break
    else:
        _tell_without_trouble(findings, verdict, sources)
    if verdict.target.kind == "Service":
        if verdict.proved or not findings.because:
            findings.because, findings.read = services.unmet(verdict, sources)
        name = verdict.target.title.removeprefix("Service ")
        findings.place = services.place(findings.because, name, sources)
    for command in sources.commands:
        if f"{command.place}" in findings.because:
            findings.place = command.place
    if not findings.place and not sources.commands:
        findings.place = _place(findings.because, sources)
    if held_up := stateful.waits_for(verdict):
        findings.because = f"{findings.because}; {held_up}" if findings.because else held_up
    return LabFailure(findings)


def _tell_without_trouble(findings: Findings, verdict: Unmet, sources: Sources) -> None:
    """Say what the manifest or the commands that were run show, where the cluster shows no trouble."""
    because, read = nodes.because(verdict, sources)
    if because:
        findings.because, findings.read = because, read
        return
    if not sources.commands and (because := metadata.adoption(verdict, sources)):
        findings.because, findings.read = because, metadata.READ["labels"]
        return
    document = _document(verdict, sources)
    if document is not None:
        findings.because = probes.because(verdict, document, sources)
        if findings.because:
            findings.read = probes.READ
            return
        findings.because = strategies.because(verdict, document)
        if findings.because:
            findings.read = strategies.READ
            return
        findings.because = rollouts.because(verdict, document, sources)
        if findings.because:
            findings.read = rollouts.READ
            return
        findings.because = metadata.because(verdict, document, sources)
        if findings.because:
            findings.read = metadata.READ[verdict.condition.metadata]  # type: ignore[attr-defined] # or no because
            return
    if sources.commands:
        findings.because = commands.ran(sources)
    else:
        findings.because = _from_manifest(verdict, sources)


def _document(verdict: Unmet, sources: Sources) -> Document | None:
    found = next(iter(verdict.target.select(verdict.snapshot)), None)
    if found is None and verdict.proved:
        # A slow cluster may not have made any Pod yet of a controller that has been judged already.
        found = verdict.target.owner(verdict.snapshot)
    return sources.of(found, verdict.snapshot) if found else None


def _is_beside_the_point(verdict: Unmet, sources: Sources) -> bool:
    """Tell whether what the condition has proved is told by the manifest, whatever troubles there are."""
    if probes.are_awaited(verdict):
        return True
    document = _document(verdict, sources)
    if not verdict.proved or document is None:
        return False
    return bool(_from_manifest(verdict, sources) or rollouts.because(verdict, document, sources))


def _because(trouble: Symptom, document: Document, sources: Sources, snapshot: Snapshot) -> tuple[str, str]:
    image = images.set_by_lab(trouble, document, sources) if trouble.family == "image" else ""
    if image and sources.commands:
        # It is missing on purpose, and a command should have led away from it.
        because = f"{image}, which the lab set and no node has, is still asked for {commands.ran(sources)}"
        return because, READ_KIND[document.kind]
    if trouble.family == "image":
        return images.because(trouble, document, sources), images.READ
    if trouble.family == "crash" and (found := probes.killed(trouble.object, document, sources, snapshot)):
        return found, probes.READ
    if trouble.family in {"crash", "ended", "start"}:
        because = crashes.because(trouble, document, sources)
        return f"{because}{foreseen.program(document, sources.course_images)}", crashes.READ
    if trouble.family in {"probe", "unready", "probing"}:
        return readiness.failing(trouble, document, sources), readiness.READ
    if trouble.family in {"creation", "config"} and (
        refused := host_paths.because(trouble.message, document)
    ):
        return refused
    if trouble.family == "creation":
        return pending.refused(trouble, document, sources), READ_KIND.get(document.kind, "")
    return pending.because(trouble, document, sources, snapshot)


def beside(pod: Target, container: str, sources: Sources, snapshot: Snapshot) -> str:
    """Say what ails another container of the Pod than `container`; or nothing."""
    for trouble in symptoms.find(Scene(pod, snapshot)):
        document = sources.of(trouble.object, snapshot)
        if document is not None and trouble.container not in {"", container}:
            return _because(trouble, document, sources, snapshot)[0]
    return ""


def _place(because: str, sources: Sources) -> Place | None:
    """Return the file whose line a cause names first, or None."""
    named = {because.find(f"({one.file}:"): one.file for one in sources.documents}
    first = min((at for at in named if at >= 0), default=None)
    return None if first is None else Place(named[first])


def _from_manifest(verdict: Unmet, sources: Sources) -> str:
    """Say what the manifest itself shows, where the cluster shows no trouble."""
    document = _document(verdict, sources)
    if document is None:
        return ""
    spec = (*sources.pod_root(document), "spec")
    where: tuple[str, ...] = getattr(verdict.condition, "where", ())
    if where == ("initContainers",):
        return _sidecar(verdict, document, sources)
    if where == ("resources", "requests", "storage") and not _is_bound(verdict):
        made = document.kind == "StatefulSet"  # whose Pods mount what it claims
        return "" if made else pending.unmounted(document.name, sources, verdict.snapshot)
    if where == ("env",) and (name := getattr(verdict.condition, "name", "")):
        return variables.stands(name, document, spec) or _stands(document, spec, ("env",))
    if where == ("volumeMounts",) and verdict.proved:
        return mounts.because(document, spec, getattr(verdict.condition, "mounted_at", ""))
    if where == ("restartPolicy",) and document.get(*spec, "restartPolicy") not in {None, "Always"}:
        return ""  # with such a policy it may end
    if where and (verdict.proved or not verdict.troubles):
        return _stands(document, spec, where)
    return container_names(document, sources) if "container" in verdict.expected else ""


def _is_bound(verdict: Unmet) -> bool:
    return any(objects.phase(one) == "Bound" for one in verdict.target.select(verdict.snapshot))


def _sidecar(verdict: Unmet, document: Document, sources: Sources) -> str:
    """Say what keeps a container from being a native sidecar: where it stands, or its restartPolicy."""
    name = str(getattr(verdict.condition, "name", ""))
    path = sources.container(document, name)
    if "containers" in path:
        place = document.at(*path, "name")
        return f"{name} stands among the containers ({place}), where nothing is a native sidecar"
    if "initContainers" not in path:
        return container_names(document, sources, "initContainers")
    policy = document.get(*path, "restartPolicy")
    stands = f"restartPolicy {policy}" if policy else "no restartPolicy of its own"
    place = document.at(*path, *(("restartPolicy",) if policy else ()))
    return f"{name} has {stands} ({place}): without Always the Pod waits for an init container to end"


def container_names(document: Document, sources: Sources, group: str = "containers") -> str:
    """Say which containers a document's Pod has, and where."""
    path = (*sources.pod_root(document), "spec", group)
    names = [
        f"{one.get('name')} (line {document.at(*path, index, 'name').line})"
        for index, one in enumerate(document.get(*path) or [])
        if isinstance(one, dict)
    ]
    where = document.at(*path)
    return f"{group} ({where}) has {', '.join(names)}" if names else f"spec ({where}) has no {group}"


def _stands(document: Document, spec: FieldPath, where: tuple[str, ...]) -> str:
    """Say what stands in the Pod's spec, or in its first container, where the condition looked."""
    claim: FieldPath = ("spec", "volumeClaimTemplates", 0, "spec")
    for root in (spec, (*spec, "containers", 0), ("spec",), claim):
        value = document.get(*root, *where)
        if value is not None:
            shown = f" is {value}" if isinstance(value, (str, int)) else " stands"
            return f"{'.'.join(where)}{shown} ({document.at(*root, *where)})"
    default = _DEFAULTS.get(where, "")
    holder = "spec" if default else "the container"
    root = spec if where == ("restartPolicy",) else ("spec",) if default else (*spec, "containers", 0)
    return f"{holder} ({document.at(*root)}) has no {'.'.join(where)}{default}"


def _look(verdict: Unmet, sources: Sources) -> str:
    found = verdict.target.select(verdict.snapshot)
    if len(found) == 1 and not verdict.target.plural:
        return sources.look(f"describe {verdict.target.kind.lower()} {objects.name(found[0])}")
    return sources.look(f"get {verdict.target.kind.lower()}s")


def absent(kind: str, name: str, sources: Sources, files: tuple[str, ...]) -> LabFailure:
    """Return the failure for a lab's object that no applied file has."""
    of_kind = {one.name: one for one in sources.documents if one.kind == kind}
    same_name = [one for one in sources.documents if one.name == name]
    near = difflib.get_close_matches(name, of_kind, n=1)
    place = Place(files[0]) if files else None
    because = ""
    if of_kind and (near or not same_name):
        other = of_kind[near[0]] if near else next(iter(of_kind.values()))
        place = other.at("metadata", "name")
        because = f"metadata.name is {other.name} ({place}), and the lab asks for {name}"
    elif same_name and of_kind:
        place = same_name[0].at("metadata", "name")
        because = f"{same_name[0].title} is there ({place}), and no {kind} of that name stands beside it"
    elif same_name:
        place = same_name[0].at("kind")
        because = f"kind is {same_name[0].kind} ({place}), and the lab asks for a {kind}"
    elif files:
        because = f"no document of {' or '.join(files)} is a {kind}"
    saw = ", ".join(one.title for one in sources.documents) or "no object"
    return LabFailure(
        Findings(
            f"{kind} {name} in {' or '.join(files)}", saw, because, read=READ_KIND.get(kind, ""), place=place
        )
    )
