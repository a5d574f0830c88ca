"""Why a Service does not lead to a Pod: its selector, its ports, its type."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any, Final

from kindlings import objects
from kindlings.errors import Place
from kindlings.explain import readiness

if TYPE_CHECKING:
    from kindlings.explain.sources import Sources
    from kindlings.manifests import Document, FieldPath
    from kindlings.recorder import Object, Snapshot
    from kindlings.waiting import Unmet

READ: Final = "https://kubernetes.io/docs/concepts/services-networking/service/"
READ_DNS: Final = "https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/"
_PORT: Final = ("spec", "ports", 0)
_UPSTREAM: Final = re.compile(r"https?://([a-z][a-z0-9-]*)(?::\d+)?\b.*connect: ")
_PLACE: Final = re.compile(r"\((\S+\.ya?ml):(\d+)\)")


def because(service: Object, sources: Sources, snapshot: Snapshot, *, replicas: bool = True) -> str:
    """Say why `service` has not the endpoints that were expected, or nothing where that is not certain."""
    document = sources.of(service, snapshot)
    if document is None:
        return ""
    if not document.get("spec", "selector"):
        return f"spec ({document.at('spec')}) has no selector, so no Pod belongs to the Service"
    if not objects.selected(snapshot, service) and not objects.behind(snapshot, service):
        return _selects_nobody(document, sources, snapshot)
    if not objects.has_ports(snapshot, service):
        return _unknown_port(document, service, sources, snapshot)
    return _replicas(service, sources, snapshot) if replicas else ""


def _labels(labels: dict[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in labels.items()) or "no label"


def _selects_nobody(document: Document, sources: Sources, snapshot: Snapshot) -> str:
    selector = dict(document.get("spec", "selector"))
    place = document.at("spec", "selector", next(iter(selector)))
    asks = f"the Service selects {_labels(selector)} ({place})"
    for pod in snapshot.all("Pod"):
        source = sources.of(pod, snapshot)
        if source is None:
            continue
        path: FieldPath = (*sources.pod_root(source), "metadata", "labels")
        carried = source.get(*path) or {}
        near = next((key for key in selector if key in carried), next(iter(carried), ""))
        where = source.at(*path, near) if near else source.at(*path)
        many = "the Pods carry" if len(snapshot.all("Pod")) > 1 else "the Pod carries"
        return f"{asks}, {many} {_labels(carried)} ({where})"
    return f"{asks}, and there is no Pod"


def _target(document: Document) -> tuple[Any, str]:
    """Return the targetPort of the first port, and how to say it with its line."""
    path = _PORT
    target = document.get(*path, "targetPort")
    if target is not None:
        return target, f"targetPort is {target} ({document.at(*path, 'targetPort')})"
    port = document.get(*path, "port")
    return port, f"port is {port} ({document.at(*path, 'port')}) and no targetPort says otherwise"


def _declared(service: Object, sources: Sources, snapshot: Snapshot) -> list[tuple[str, Any, str]]:
    """Return the ports that the Pods behind a Service declare: their names, numbers and places."""
    found = []
    for pod in objects.selected(snapshot, service)[:1]:
        document = sources.of(pod, snapshot)
        root = (*sources.pod_root(document), "spec", "containers") if document else ()
        for index, container in enumerate((document.get(*root) or []) if document else []):
            for number, port in enumerate(container.get("ports") or []):
                place = str(document.at(*root, index, "ports", number)) if document else ""
                found.append((str(port.get("name") or ""), port.get("containerPort"), place))
    return found


def _unknown_port(document: Document, service: Object, sources: Sources, snapshot: Snapshot) -> str:
    _, says = _target(document)
    declared = _declared(service, sources, snapshot)
    names = [f"{name} ({place})" for name, _, place in declared if name]
    has = f"their ports are called {', '.join(names)}" if names else "their ports have no names"
    return f"{says}, and the Pods have no port of that name: {has}"


def _replicas(service: Object, sources: Sources, snapshot: Snapshot) -> str:
    for owner in objects.behind(snapshot, service):
        document = sources.of(owner, snapshot)
        if document is not None:
            wanted = document.get("spec", "replicas")
            if wanted is None:
                return f"spec ({document.at('spec')}) has no replicas, and the default is 1"
            return f"replicas is {wanted} ({document.at('spec', 'replicas')})"
    return ""


def unheard(service: Object, refusal: str, sources: Sources, snapshot: Snapshot) -> str:
    """Say why a ready Pod itself does not answer at the Service's port; `refusal` is what connecting gave."""
    document = sources.of(service, snapshot)
    found = readiness.REFUSED.search(refusal)
    if document is None or found is None:
        return ""
    target, says = _target(document)
    # By way of another Pod the port that was refused is the Service's.
    port = target if isinstance(target, int) else found[1]
    declared = _declared(service, sources, snapshot)
    other = [f"containerPort is {number} ({place})" for _, number, place in declared]
    return f"{says}, and nothing listens on port {port} of the Pods; {', '.join(other)}".rstrip("; ")


def handed_on(answer: str, sources: Sources, snapshot: Snapshot) -> str:
    """Say what is wrong with another Service that a Pod, by its `answer`, does not reach; or nothing."""
    found = _UPSTREAM.search(answer)
    for service in snapshot.all("Service") if found else ():
        if found and objects.name(service) == found[1]:
            why = because(service, sources, snapshot, replicas=False)
            return why or unheard(service, answer, sources, snapshot)
    return ""


def of_type(service: Object, sources: Sources, snapshot: Snapshot) -> str:
    """Say which type the manifest gives the Service."""
    document = sources.of(service, snapshot)
    if document is None:
        return ""
    stands = document.get("spec", "type")
    if stands is None:
        return f"spec ({document.at('spec')}) has no type, and the default is ClusterIP"
    return f"type is {stands} ({document.at('spec', 'type')})"


def of_node_port(service: Object, sources: Sources, snapshot: Snapshot) -> str:
    """Say why the Service is not on the node port that was asked for."""
    document = sources.of(service, snapshot)
    if document is None or (service["spec"].get("type") or "ClusterIP") == "ClusterIP":
        return of_type(service, sources, snapshot)
    path = _PORT
    stands = document.get(*path, "nodePort")
    if stands is None:
        return f"the port ({document.at(*path)}) has no nodePort, so the cluster chose one"
    return f"nodePort is {stands} ({document.at(*path, 'nodePort')})"


def of_port(service: Object, sources: Sources, snapshot: Snapshot) -> str:
    """Say on which port the Service is."""
    document = sources.of(service, snapshot)
    if document is None:
        return ""
    path = _PORT
    return f"port is {document.get(*path, 'port')} ({document.at(*path, 'port')})"


def of_spread(service: Object, sources: Sources, snapshot: Snapshot) -> str:
    """Say why always the same Pod answers."""
    document = sources.of(service, snapshot)
    if document is None or document.get("spec", "sessionAffinity") in {None, "None"}:
        return ""
    place = document.at("spec", "sessionAffinity")
    stands = document.get("spec", "sessionAffinity")
    return f"sessionAffinity is {stands} ({place}): one caller always gets the same Pod"


def started(pod: Object, sources: Sources, snapshot: Snapshot) -> str:
    """Say what the Pod's program is started with."""
    document = sources.of(pod, snapshot)
    return "" if document is None else f"its program is started with {_args(document, sources)}"


def asked_in_turn(pod: Object, sources: Sources, snapshot: Snapshot) -> str:
    """Say which other programs there are, whose answer the Pod's may have handed on; each begins with ; ."""
    own = sources.of(pod, snapshot)
    others = [one for one in sources.documents if one is not own and one.get(*_containers(one, sources))]
    return "".join(
        f"; or it hands on what {one.title} answered, which is started with {_args(one, sources)}"
        for one in others
    )


def _containers(document: Document, sources: Sources) -> FieldPath:
    return (*sources.pod_root(document), "spec", "containers")


def _args(document: Document, sources: Sources) -> str:
    path = (*_containers(document, sources), 0, "args")
    args = document.get(*path)
    given = f"args [{', '.join(map(str, args))}]" if isinstance(args, list) else "no args"
    return f"{given} ({document.at(*path)})"


def of_selector(service: Object, sources: Sources, snapshot: Snapshot) -> str:
    """Say whose Pods the Service selects."""
    document = sources.of(service, snapshot)
    selector = dict((document.get("spec", "selector") if document else None) or {})
    if document is None or not selector:
        return ""
    owners = ", ".join(objects.title(one) for one in objects.behind(snapshot, service))
    place = document.at("spec", "selector", next(iter(selector)))
    return f"the Service selects {_labels(selector)} ({place}), the Pods of {owners or 'nobody'}"


def of_dns(name: str, type_: str, sources: Sources) -> str:
    """Say which line makes the name what it is."""
    document = next((one for one in sources.documents if (one.kind, one.name) == ("Service", name)), None)
    if document is None:
        return ""
    stands, at = document.get("spec", "type"), document.at
    if type_ == "CNAME":
        if stands == "ExternalName":
            name = document.get("spec", "externalName")
            address = ", an address: an alias is of a name" if _is_address(name) else ""
            return f"externalName is {name} ({at('spec', 'externalName')}){address}"
        says = f"type is {stands} ({at('spec', 'type')})" if stands else f"spec ({at('spec')}) has no type"
        return f"{says}, and only an ExternalName is an alias"
    if document.get("spec", "clusterIP") != "None":
        place = at("spec", "clusterIP")
        return f"spec ({place}) has no clusterIP: None, so the name gives the one address of the Service"
    for one in sources.documents:
        if one.kind == "StatefulSet" and one.get("spec", "serviceName") != name:
            stands = one.get("spec", "serviceName")
            says = f"serviceName is {stands}" if stands else "there is no serviceName"
            place = one.at("spec", "serviceName")
            return f"{says} ({place}), and its Pods have names under the Service that stands there alone"
    return ""


def _is_address(name: object) -> bool:
    try:
        ipaddress.ip_address(str(name))
    except ValueError:
        return False
    return True


def place(why: str, service: str, sources: Sources) -> Place | None:
    """Return the place that a message is about: the first that `why` names, else that of the Service."""
    if named := _PLACE.search(why):
        return Place(named[1], int(named[2]))
    found = [one for one in sources.documents if (one.kind, one.name) == ("Service", service)]
    return found[0].at("spec") if found else None


def unmet(verdict: Unmet, sources: Sources) -> tuple[str, str]:
    """Return why a condition on a Service does not hold, and where to read on."""
    (service,) = verdict.target.select(verdict.snapshot)[:1] or (None,)
    if service is None:
        return "", READ
    where = getattr(verdict.condition, "where", ())
    if where == ("type",):
        return of_type(service, sources, verdict.snapshot), READ
    if where == ("nodePort",):
        return of_node_port(service, sources, verdict.snapshot), READ
    if verdict.proved and " on port " in verdict.saw:
        return of_port(service, sources, verdict.snapshot), READ
    if verdict.proved and "readinessProbe" in verdict.saw:
        pods = objects.endpoints(verdict.snapshot, service)
        return readiness.missing(pods, sources, verdict.snapshot), readiness.READ
    return because(service, sources, verdict.snapshot, replicas="replica" in verdict.saw), READ
