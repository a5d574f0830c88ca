"""What an object of the API says of itself: pure readings of plain dictionaries, used by every judgement."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kindlings.recorder import Object, Snapshot


def name(one: Object) -> str:
    """Return metadata.name."""
    return str(one["metadata"]["name"])


def uid(one: Object) -> str:
    """Return metadata.uid."""
    return str(one["metadata"]["uid"])


def title(one: Object) -> str:
    """Return kind and name, as a person says it."""
    return f"{one.get('kind', 'object')} {name(one)}"


def labels_of(one: Object) -> dict[str, str]:
    """Return metadata.labels, empty where there are none."""
    return dict(one["metadata"].get("labels") or {})


def annotations_of(one: Object) -> dict[str, str]:
    """Return metadata.annotations, empty where there are none."""
    return dict(one["metadata"].get("annotations") or {})


def terminating(one: Object) -> bool:
    """Tell whether the object is being deleted."""
    return "deletionTimestamp" in one["metadata"]


def phase(one: Object) -> str:
    """Return status.phase, or Pending where the kubelet has not said any."""
    return str((one.get("status") or {}).get("phase") or "Pending")


def condition(one: Object, type_: str) -> dict[str, Any]:
    """Return the status condition of that type, or an empty mapping."""
    for found in (one.get("status") or {}).get("conditions") or []:
        if found.get("type") == type_:
            return dict(found)
    return {}


def says_ready(one: Object) -> bool:
    """Tell whether the condition Ready of a Pod or a node is True, whatever else becomes of it."""
    return condition(one, "Ready").get("status") == "True"


def is_ready(pod: Object) -> bool:
    """Tell whether the Pod is ready and not terminating."""
    return not terminating(pod) and says_ready(pod)


def containers(pod: Object) -> list[dict[str, Any]]:
    """Return the containers of the Pod's spec, then its init containers that stay (native sidecars)."""
    return [*((pod.get("spec") or {}).get("containers") or []), *sidecars(pod)]


def sidecars(pod: Object) -> list[dict[str, Any]]:
    """Return the Pod's native sidecars: init containers that are restarted always.

    Source: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
    """
    found = (pod.get("spec") or {}).get("initContainers") or []
    return [one for one in found if one.get("restartPolicy") == "Always"]


def statuses(pod: Object) -> list[dict[str, Any]]:
    """Return the statuses of all the Pod's containers, init containers last."""
    status = pod.get("status") or {}
    return [*(status.get("containerStatuses") or []), *(status.get("initContainerStatuses") or [])]


def readiness(pod: Object) -> tuple[int, int]:
    """Return the READY column of `kubectl get pods`: containers that are ready, and containers."""
    names = {one["name"] for one in containers(pod)}
    return sum(1 for one in statuses(pod) if one.get("ready") and one["name"] in names), len(names)


def restart_policy(pod: Object) -> str:
    """Return spec.restartPolicy, by default Always."""
    return str((pod.get("spec") or {}).get("restartPolicy") or "Always")


def trouble(pod: Object) -> str:
    """Return the word of `kubectl get pods` for the first container in trouble, or nothing.

    The kubelet alternates between words for one trouble (ErrImagePull and ImagePullBackOff, Error and
    CrashLoopBackOff); this returns the same one at every moment.
    """
    for status in statuses(pod):
        state, last = status.get("state") or {}, (status.get("lastState") or {}).get("terminated") or {}
        reason = str((state.get("waiting") or {}).get("reason") or "")
        ended = state.get("terminated") or {}
        if "StartError" in {last.get("reason"), ended.get("reason")}:
            return "RunContainerError"
        if reason == "ImagePullBackOff":
            return "ErrImagePull"
        if reason:
            return reason
        if ended and status.get("restartCount", 0):
            return "CrashLoopBackOff"
    return ""


def claims_of(pod: Object) -> list[str]:
    """Return the names of the PersistentVolumeClaims among the Pod's volumes."""
    volumes = (pod.get("spec") or {}).get("volumes") or []
    names = [(one.get("persistentVolumeClaim") or {}).get("claimName") for one in volumes]
    return [str(name) for name in names if name]


def owned_by(snapshot: Snapshot, kind: str, owner: Object | None) -> list[Object]:
    """Return the objects of `kind` whose ownerReferences name `owner` by UID, terminating ones too."""
    if owner is None:
        return []
    return [
        one
        for one in snapshot.all(kind)
        if any(ref.get("uid") == uid(owner) for ref in one["metadata"].get("ownerReferences") or [])
    ]


def pods_of(snapshot: Snapshot, controller: Object | None) -> list[Object]:
    """Return a controller's Pods, a Deployment's through its ReplicaSets, terminating ones too."""
    if controller is None or controller.get("kind") != "Deployment":
        return owned_by(snapshot, "Pod", controller)
    sets = owned_by(snapshot, "ReplicaSet", controller)
    return [pod for one in sets for pod in owned_by(snapshot, "Pod", one)]


def predecessor(pod: Object) -> str:
    """Return the name of the StatefulSet's Pod that comes before this one, or nothing."""
    owners = pod["metadata"].get("ownerReferences") or []
    base, _, ordinal = name(pod).rpartition("-")
    ordered = any(owner.get("kind") == "StatefulSet" for owner in owners) and ordinal.isdigit()
    return f"{base}-{int(ordinal) - 1}" if ordered and int(ordinal) > 0 else ""


_SUFFIXES: Final = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "P": Decimal(10**15),
    "E": Decimal(10**18),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}


def quantity(text: object) -> Decimal | None:
    """Return the value of a Kubernetes quantity such as 1Gi or 500m, None where it is none.

    Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
    """
    written = str(text).strip()
    number = written.rstrip("numkKMGTPEi")
    suffix = written[len(number) :]
    if suffix not in _SUFFIXES or number != number.strip():
        return None
    try:
        return Decimal(number) * _SUFFIXES[suffix]
    except InvalidOperation:
        return None


def selected(snapshot: Snapshot, service: Object) -> list[Object]:
    """Return the Pods that the Service's selector finds, unready and terminating ones too."""
    wanted = service["spec"].get("selector") or {}
    pods = snapshot.all("Pod") if wanted else []
    return [one for one in pods if wanted.items() <= (one["metadata"].get("labels") or {}).items()]


def behind(snapshot: Snapshot, service: Object) -> list[Object]:
    """Return the Deployments and StatefulSets whose Pods the Service's selector finds."""
    wanted = service["spec"].get("selector") or {}
    return [
        one
        for kind in ("Deployment", "StatefulSet")
        for one in snapshot.all(kind)
        if wanted and wanted.items() <= (one["spec"]["template"]["metadata"].get("labels") or {}).items()
    ]


def _slices(snapshot: Snapshot, service: Object) -> list[Object]:
    named = {"kubernetes.io/service-name": name(service)}
    return [
        one
        for one in snapshot.all("EndpointSlice")
        if named.items() <= (one["metadata"].get("labels") or {}).items()
    ]


def has_ports(snapshot: Snapshot, service: Object) -> bool:
    """Tell whether the Service's slices say a port, which they do not for the name of a port that no Pod has.

    Before any slice has an endpoint nothing is known, and this is true; so it is for a Service without ports.
    """
    if not service["spec"].get("ports"):
        return True
    filled = [one for one in _slices(snapshot, service) if one.get("endpoints")]
    return not filled or any(one.get("ports") for one in filled)


def endpoints(snapshot: Snapshot, service: Object) -> list[Object]:
    """Return the Pods that requests to the Service are sent to: ready, and with a port where it names any.

    Source: https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions
    """
    uids = {
        (endpoint.get("targetRef") or {}).get("uid")
        for one in _slices(snapshot, service)
        if one.get("ports") or not service["spec"].get("ports")
        for endpoint in one.get("endpoints") or []
        if (endpoint.get("conditions") or {}).get("ready", True)
    }
    return [one for one in snapshot.all("Pod") if uid(one) in uids]
