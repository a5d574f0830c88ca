"""What a lab asks for by name, held against the files that it applies: all of it warnings.

The API server takes any name and any image. The lab's own lines, which the learner can read, say which names
it looks for, and the nodes have the course's images alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kindlings.preflight import templates
from kindlings.preflight.findings import HERE, mapping, mappings, near, shown, whole
from kindlings.preflight.templates import doubtful

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kindlings.errors import Place
    from kindlings.manifests import Document, FieldPath
    from kindlings.preflight.findings import Finding
    from kindlings.preflight.templates import Template

_BY_NAME: Final = "The lab finds its objects by kind and name."
_COUNTED: Final = frozenset({"Deployment", "ReplicaSet", "StatefulSet"})
_SHELLS: Final = frozenset({"sh", "bash", "ash"})
_CLAIMS: Final = ("spec", "volumeClaimTemplates")


@dataclass(frozen=True)
class Lab:
    """What is known of a lab before it runs."""

    objects: Sequence[tuple[str, str]] = ()
    """Kind and name of each object that it asks for."""
    containers: Sequence[str] = ()
    """The names of the containers that it asks for."""
    kinds: Sequence[str] = ()
    """The kinds that it takes; empty for any."""
    images: Sequence[str] = ()
    """All images that the nodes have; empty where they may pull others."""
    node_ports: Sequence[int] = ()
    """The node ports at which it asks."""
    ready: int | None = None
    """How many ready Pods of its controller it waits for at first."""


def check(documents: Sequence[Document], lab: Lab) -> Iterator[Finding]:
    """Yield what the files of a lab lack of what the lab asks for, and what it does not take."""
    if not documents:
        return
    taken = [one for one in documents if not lab.kinds or one.kind in lab.kinds]
    for one in documents:
        if one.kind and one not in taken:
            yield _not_taken(one, lab)
    refused = {one.name for one in documents if one not in taken}
    for kind, name in dict.fromkeys(lab.objects):
        if name not in refused and not _is_made(kind, name, documents):
            yield _absent(kind, name, documents, lab)
    pods = templates.of(documents)
    yield from _containers(pods, lab)
    yield from _node_ports(documents, lab)
    yield from _replicas(documents, lab)
    for pod in pods if lab.images else ():
        for path, container in pod.containers():
            image = container.get("image")
            if isinstance(image, str) and image and image not in lab.images:
                yield _image(pod.document, image, (*path, "image"), lab)
            elif isinstance(image, str):
                yield from _program(pod, container, image, path)


def _not_taken(one: Document, lab: Lab) -> Finding:
    what = f"the lab takes {' and '.join(lab.kinds)}, and this is a {shown(one.kind)}{HERE}"
    return doubtful(
        one, ("kind",), what, f"Write kind: {lab.kinds[0]}.", rule="lab-kind", why="The lab refuses the file."
    )


def _is_made(kind: str, name: str, documents: Sequence[Document]) -> bool:
    """Tell whether a document is the object, or a StatefulSet that will make it."""
    for one in documents:
        if (one.kind, one.name) == (kind, name):
            return True
        if one.kind != "StatefulSet":
            continue
        made = [one.name] if kind == "Pod" else []
        if kind == "PersistentVolumeClaim":
            claims = [mapping(claim.get("metadata")) for _, claim in mappings(one.get(*_CLAIMS))]
            made = [f"{claim.get('name')}-{one.name}" for claim in claims]
        base, _, ordinal = name.rpartition("-")
        if ordinal.isdigit() and base in made:
            return True
    return False


def _absent(kind: str, name: str, documents: Sequence[Document], lab: Lab) -> Finding:
    """Tell it at the object that seems to be meant: of that kind and another name, or the other way round."""
    others = [one for one in documents if (one.kind, one.name) not in lab.objects]
    same_kind = [one for one in others if one.kind == kind]
    same_name = [one for one in others if one.name == name]
    meant = near(name, [one.name for one in same_kind])
    there: dict[str, Place] = {one.title: one.at("metadata", "name") for one in documents}
    has = ", ".join(f"{title} ({place})" for title, place in there.items())
    path: FieldPath = ()
    if same_kind:
        one = next((each for each in same_kind if each.name == meant), same_kind[0])
        what = f"the lab asks for {kind} {name}, and this is called {shown(one.name) or 'nothing'}{HERE}"
        path, mend = ("metadata", "name"), f"Write name: {name}."
    elif same_name:
        one, path, mend = same_name[0], ("kind",), f"Write kind: {kind}."
        what = f"the lab asks for {kind} {name}, and this is a {shown(one.kind)}{HERE}"
    else:
        one, mend = documents[-1], f"Add {kind} {name}."
        what = f"the lab asks for {kind} {name}, and the files have {has}"
    return doubtful(one, path, what, mend, rule="lab-object", why=_BY_NAME)


def _containers(pods: Sequence[Template], lab: Lab) -> Iterator[Finding]:
    there = {
        str(container.get("name")): (pod.document, (*path, "name"))
        for pod in pods
        for path, container in pod.containers()
    }
    for name in dict.fromkeys(lab.containers):
        if name in there or not pods:
            continue
        free = [one for one in there if one not in lab.containers]
        meant = near(name, free) or next(iter(free), "")
        one, path = there.get(meant, (pods[0].document, pods[0].at("containers")))
        has = ", ".join(f"{shown(key)} ({doc.at(*at)})" for key, (doc, at) in there.items())
        what = f"the lab asks for the container {name}, and the Pods have {has or 'none'}"
        mend = f"Call the container {name}." if meant else f"Add a container {name}."
        why = "The lab finds a container by its name."
        yield doubtful(one, path, what, mend, rule="lab-container", why=why)


def _node_ports(documents: Sequence[Document], lab: Lab) -> Iterator[Finding]:
    services = [one for one in documents if one.kind == "Service" and (one.kind, one.name) in lab.objects]
    given = {
        whole(port.get("nodePort")): (one, ("spec", "ports", index, "nodePort"))
        for one in services
        for index, port in mappings(one.get("spec", "ports"))
    }
    for number in dict.fromkeys(lab.node_ports):
        if number in given or not given:
            continue
        one, path = next((each for port, each in given.items() if port), next(iter(given.values())))
        has = f"nodePort is {one.get(*path)}" if one.get(*path) else "the port has no nodePort"
        what = f"the lab asks at node port {number}, and {has}{HERE}"
        why = "A node port leads to a Service from outside the cluster."
        mend = f"Write nodePort: {number}."
        yield doubtful(one, path, what, mend, rule="lab-node-port", why=why)


def _replicas(documents: Sequence[Document], lab: Lab) -> Iterator[Finding]:
    """Compare the number of Pods that the lab waits for with the one controller that it asks for."""
    wanted = lab.ready
    asked = [one for one in documents if one.kind in _COUNTED and (one.kind, one.name) in lab.objects]
    if wanted is None or len(asked) != 1:
        return
    [one] = asked
    written = one.get("spec", "replicas")
    number = 1 if written is None else whole(written)
    if number not in {None, wanted}:
        has = f"replicas is {number}{HERE}" if written is not None else f"without replicas{HERE} there is 1"
        pods = "1 ready Pod" if wanted == 1 else f"{wanted} ready Pods"
        what = f"the lab waits for {pods} of {one.title}, and {has}"
        why = "The lab counts the ready Pods: no more and no fewer."
        yield doubtful(
            one, ("spec", "replicas"), what, f"Write replicas: {wanted}.", rule="lab-replicas", why=why
        )


def _program(pod: Template, container: dict[str, Any], image: str, path: FieldPath) -> Iterator[Finding]:
    """Yield a busybox with nothing to do, and a shell asked of an image that has none."""
    name, given = image.partition(":")[0], [*_listed(container, "command"), *_listed(container, "args")]
    otherwise = "Never" if path[-2] == "initContainers" else pod.spec.get("restartPolicy") or "Always"
    restarted = (container.get("restartPolicy") or otherwise) == "Always"
    if name == "busybox" and not given and restarted and not container.get("stdin"):
        what = f"the container {shown(container.get('name'))}{HERE} has neither command nor args"
        mend = "Add args: with what it is to run."
        why = "busybox by itself is a shell, which ends at once where nobody types."
        yield doubtful(pod.document, path, what, mend, rule="lab-command", why=why)
    if name == "kindlings/web" and given and str(given[0]).rpartition("/")[2] in _SHELLS:
        what = f"{shown(image)}{HERE} has no {shown(given[0])}: it holds one program and no shell"
        mend = "Take an image with a shell, such as busybox."
        why = "A container whose program is not there never starts."
        yield doubtful(pod.document, (*path, "image"), what, mend, rule="lab-program", why=why)


def _listed(container: dict[str, Any], group: str) -> list[Any]:
    found = container.get(group)
    return found if isinstance(found, list) else []


def _image(one: Document, image: str, path: FieldPath, lab: Lab) -> Finding:
    name = image.partition(":")[0]
    same = [other for other in lab.images if other.partition(":")[0] == name]
    offer = ", ".join(same or lab.images)
    mend = f"Write {near(image, list(lab.images)) or offer}." if len(same) < 2 else f"Write one of {offer}."
    why = "The lab's nodes pull nothing: a Pod with another image never starts."
    what = f"no node has the image {shown(image)}{HERE}; the course has {offer}"
    return doubtful(one, path, what, mend, rule="lab-image", why=why)
