"""Who may do what: a namespace for each test, the learner's rights in it and nowhere else, and ours to watch.

The learner's objects are created as a user of the lab's namespace, by impersonation over the administrator's
connection. The built-in role `edit` is not used: it may impersonate ServiceAccounts.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import tenacity

from kindlings.cluster import policies
from kindlings.cluster.api import KINDS, Refusal
from kindlings.errors import InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kindlings.cluster.api import Api

LABEL: Final = "kindlings.dev/"
OWNER: Final = f"{LABEL}owner"
RECORDER: Final = "kindlings:recorder"
ROLE: Final = "learner"

LEARNER_KINDS: Final = (
    "Pod",
    "Service",
    "ConfigMap",
    "Secret",
    "PersistentVolumeClaim",
    "ReplicaSet",
    "Deployment",
    "DaemonSet",
    "StatefulSet",
)
"""What a learner may create in a lab; a lab's `kinds` marker narrows it."""

_RBAC: Final = "rbac.authorization.k8s.io"
_RBAC_API: Final = f"/apis/{_RBAC}/v1"
_ALL_VERBS: Final = ["get", "list", "watch", "create", "update", "patch", "delete"]
_QUOTA: Final = {
    "count/pods": "40",
    "count/services": "10",
    "count/configmaps": "20",
    "count/secrets": "20",
    "count/persistentvolumeclaims": "10",
    "count/replicasets.apps": "40",
    "count/deployments.apps": "10",
    "count/daemonsets.apps": "5",
    "count/statefulsets.apps": "5",
}


_NODE_PORTS: Final = "5"
"""Of a lab that is about them; the cluster has each of them once."""
_SUMS: Final = {
    "requests.cpu": "2",
    "requests.memory": "4Gi",
    "limits.memory": "6Gi",
    "requests.storage": "20Gi",
}
_EACH: Final = {
    "type": "Container",
    "default": {"memory": "256Mi", "ephemeral-storage": "1Gi"},
    "defaultRequest": {"cpu": "0", "memory": "0", "ephemeral-storage": "0"},
}
"""What a container of a graded lab may use that says nothing of it; requests of 0 change no scheduling."""


def learner(namespace: str) -> str:
    """Return the user as whom the learner's objects of `namespace` are applied."""
    return f"kindlings:learner:{namespace}"


def ensure_recorder(admin: Api) -> Api:
    """Make, once for a cluster, the identity that watches; return a connection as it."""
    resources: dict[str, list[str]] = {}
    for name in (*LEARNER_KINDS, "Event", "EndpointSlice", "Node", "Namespace"):
        kind = KINDS[name]
        group = kind.group_version.rpartition("/")[0]
        resources.setdefault(group, []).append(kind.resource)
    resources[""] += ["pods/log", "persistentvolumes"]
    resources["storage.k8s.io"] = ["storageclasses"]
    verbs = ["get", "list", "watch"]
    rules = [{"apiGroups": [group], "resources": found, "verbs": verbs} for group, found in resources.items()]
    name = "kindlings-recorder"
    _create(admin, f"{_RBAC_API}/clusterroles", _named(name, kind="ClusterRole", rules=rules))
    binding = _binding("ClusterRoleBinding", name, "ClusterRole", name, RECORDER)
    _create(admin, f"{_RBAC_API}/clusterrolebindings", binding)
    recorder = admin.acting_as(RECORDER)
    _await_right(recorder, {"verb": "watch", "resource": "pods"})
    return recorder


def owner() -> str:
    """Return what stands for this process, in an annotation of the namespaces that it makes."""
    return f"{_place()}/{os.getpid()}"


def _place() -> str:
    """Return what stands for this machine, or for the container on it in which this process runs.

    A process's number means something there alone. Machines that share a cluster may have one name, and a
    container may be called as its machine is, so the name is not enough where Linux can tell more.
    """
    parts = [socket.gethostname()]
    with suppress(OSError):
        # The machine's own number is not for others to read.
        parts.append(hashlib.sha256(Path("/etc/machine-id").read_bytes().strip()).hexdigest()[:12])
    with suppress(OSError):
        parts.append(Path("/proc/self/ns/pid").readlink().name.strip("pid:[]"))
    return ":".join(parts)


def is_orphan(namespace: Mapping[str, Any]) -> bool:
    """Tell whether the namespace was made by a process of this machine that has ended without deleting it."""
    place, _, pid = str((namespace["metadata"].get("annotations") or {}).get(OWNER)).partition("/")
    if place != _place() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def unique(prefix: str) -> str:
    """Return a name for a namespace that begins with `prefix` (or what of it there is room for)."""
    return f"{prefix[:52].rstrip('-')}-{secrets.token_hex(3)}"


def create_namespace(
    admin: Api,
    name: str,
    labels: Mapping[str, str],
    *,
    drains: bool = False,
    folder: str = "",
    node_ports: bool = False,
    graded: bool = False,
) -> None:
    """Make a lab's namespace, ready for the learner's objects.

    `labels` are put under kindlings.dev/; `drains` keeps the Pods' own termination grace period; `folder`
    names what its Pods may mount from their nodes, below policies.ROOT; `node_ports` lets its Services have
    some; `graded` limits what its Pods use together, and who reaches them.
    """
    own = {f"{LABEL}{key}": value for key, value in labels.items()}
    own |= {
        f"{LABEL}lab": "true",
        f"{LABEL}short-termination": str(not drains).lower(),
        "pod-security.kubernetes.io/enforce": "baseline",
    }
    if folder:
        _demand_host_path_policy(admin)
        own |= {"pod-security.kubernetes.io/enforce": "privileged", policies.HOST_PATH: folder}
    namespace = _named(name, kind="Namespace", apiVersion="v1")
    namespace["metadata"] |= {"labels": own, "annotations": {OWNER: owner()}}
    _create(admin, KINDS["Namespace"].path(), namespace)
    # Made here rather than awaited: without it a Pod is refused, and by default it would mount a token.
    _create_account(admin, name)
    _create(admin, KINDS["Role"].path(name), _named(ROLE, kind="Role", rules=_rules()))
    binding = _binding("RoleBinding", ROLE, "Role", ROLE, learner(name))
    _create(admin, KINDS["RoleBinding"].path(name), binding)
    _create_quota(admin, name, node_ports=node_ports, graded=graded)
    if graded:
        _limit(admin, name)
    acting = admin.acting_as(learner(name))
    _await_right(acting, {"verb": "create", "resource": "pods", "namespace": name})


def _demand_host_path_policy(admin: Api) -> None:
    """Raise InfrastructureError where nothing would restrict the Pods of a privileged namespace."""
    try:
        for one in policies.host_path():
            resource = "validatingadmissionpolic" + ("ies" if one["kind"].endswith("Policy") else "ybindings")
            admin.get(f"/apis/{policies.API}/{resource}/{policies.NAME}")
    except Refusal as refusal:
        raise InfrastructureError(
            f"The cluster lacks the policy of labs with a folder of the nodes: {refusal.message}",
            "Run `kindlings up`.",
        ) from None


def _rules() -> list[dict[str, Any]]:
    groups: dict[str, list[str]] = {}
    for name in LEARNER_KINDS:
        kind = KINDS[name]
        groups.setdefault(kind.group_version.rpartition("/")[0], []).append(kind.resource)
    rules: list[dict[str, Any]] = [
        {"apiGroups": [group], "resources": found, "verbs": _ALL_VERBS} for group, found in groups.items()
    ]
    scalable = ["replicasets/scale", "deployments/scale", "statefulsets/scale"]
    read = ["get", "list", "watch"]
    return [
        *rules,
        {"apiGroups": ["apps"], "resources": scalable, "verbs": ["get", "update", "patch"]},
        {"apiGroups": ["apps"], "resources": ["controllerrevisions"], "verbs": read},
        {"apiGroups": ["", "events.k8s.io"], "resources": ["events", "pods/log"], "verbs": read},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": read},
    ]


def _create_account(admin: Api, namespace: str) -> None:
    account = _named("default", kind="ServiceAccount", apiVersion="v1", automountServiceAccountToken=False)
    try:
        admin.create(KINDS["ServiceAccount"].path(namespace), account)
    except Refusal:  # its controller was quicker
        admin.patch(
            KINDS["ServiceAccount"].path(namespace, "default"), {"automountServiceAccountToken": False}
        )


def _limit(admin: Api, namespace: str) -> None:
    """Limit what each container uses, and keep other labs' Pods out, where the network has NetworkPolicies.

    Nodes and what is outside of the cluster may reach the Pods: probes, node ports, the API server.
    """
    _create(
        admin,
        f"/api/v1/namespaces/{namespace}/limitranges",
        _named("kindlings", kind="LimitRange", apiVersion="v1", spec={"limits": [_EACH]}),
    )
    nodes = admin.get(KINDS["Node"].path()).get("items") or []
    pods = sorted({cidr for node in nodes for cidr in (node.get("spec") or {}).get("podCIDRs") or []})
    if not pods:
        return
    outside = [
        {"ipBlock": {"cidr": every, "except": [cidr for cidr in pods if (":" in cidr) == (":" in every)]}}
        for every in ("0.0.0.0/0", "::/0")
    ]
    spec = {
        "podSelector": {},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": {}}, *outside]}],
    }
    policy = _named("kindlings", kind="NetworkPolicy", apiVersion="networking.k8s.io/v1", spec=spec)
    _create(admin, f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies", policy)


def _create_quota(admin: Api, namespace: str, *, node_ports: bool, graded: bool) -> None:
    """Limit the number of objects, and say at once that none is used.

    Until its controller has counted, the API server refuses Pods with "status unknown for quota".
    """
    path = KINDS["ResourceQuota"].path(namespace)
    hard = {**_QUOTA, "services.nodeports": _NODE_PORTS if node_ports else "0", **(_SUMS if graded else {})}
    quota = _named("kindlings", kind="ResourceQuota", apiVersion="v1", spec={"hard": hard})
    _create(admin, path, quota)
    counted = {"status": {"hard": hard, "used": dict.fromkeys(hard, "0")}}
    admin.patch(KINDS["ResourceQuota"].path(namespace, "kindlings", "status"), counted)


def delete_namespace(admin: Api, name: str) -> None:
    """Ask for the namespace's end; the cluster does it in the background."""
    admin.delete(KINDS["Namespace"].path(name=name))


def is_there(admin: Api, name: str) -> bool:
    """Tell whether a namespace is there, and not about to go."""
    try:
        return "deletionTimestamp" not in admin.get(KINDS["Namespace"].path(name=name))["metadata"]
    except Refusal as refusal:
        return refusal.code != 404


def namespaces(admin: Api, **labels: str) -> list[dict[str, Any]]:
    """Return the labs' namespaces with these kindlings.dev/ labels."""
    selector = ",".join(f"{LABEL}{key}={value}" for key, value in {"lab": "true", **labels}.items())
    found: list[dict[str, Any]] = (
        admin.get(KINDS["Namespace"].path(), labelSelector=selector).get("items") or []
    )
    return found


def keep(admin: Api, name: str) -> None:
    """Mark the namespace as one that stays, for the learner to look at."""
    admin.patch(KINDS["Namespace"].path(name=name), {"metadata": {"labels": {f"{LABEL}kept": "true"}}})


def _await_right(api: Api, attributes: Mapping[str, str]) -> None:
    """Wait until the API server's authorizer has taken note of a new right, a few milliseconds as a rule."""
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": dict(attributes)},
    }
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    allowed = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda answer: not answer),
        stop=tenacity.stop_after_delay(20),
        wait=tenacity.wait_exponential(multiplier=0.005, max=0.5),
    )
    try:
        allowed(lambda: bool(api.create(path, body).get("status", {}).get("allowed")))
    except tenacity.RetryError:
        raise InfrastructureError(
            f"The cluster does not give {api.impersonation} its rights.", "Run `kindlings doctor`."
        ) from None


def _named(name: str, **fields: Any) -> dict[str, Any]:
    return {"apiVersion": f"{_RBAC}/v1", "metadata": {"name": name}, **fields}


def _binding(kind: str, name: str, role_kind: str, role: str, user: str) -> dict[str, Any]:
    return _named(
        name,
        kind=kind,
        roleRef={"apiGroup": _RBAC, "kind": role_kind, "name": role},
        subjects=[{"apiGroup": _RBAC, "kind": "User", "name": user}],
    )


def _create(admin: Api, path: str, body: Mapping[str, Any]) -> None:
    try:
        admin.create(path, body)
    except Refusal as refusal:
        if refusal.reason != "AlreadyExists":
            raise InfrastructureError(
                f"The cluster refused what a lab needs ({body['kind']}): {refusal.message}",
                "Run `kindlings doctor`.",
            ) from None
