"""What every cluster of ours gets after its creation: nodes that never pull, and Pods that end quickly.

Nodes that never pull: containerd asks a responder on the node's own loopback for every image it does not
have, and that one answers "not found" at once, alike on a laptop and on a machine without network.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from kindlings.cluster import policies
from kindlings.errors import InfrastructureError

if TYPE_CHECKING:
    from kindlings.cluster.kind import Cluster

NAMESPACE: Final = "kindlings-system"
SHORT_TERMINATION: Final = "kindlings.dev/short-termination"
"""The label of namespaces, value "true", whose Pods get one second to end."""

RESPONDER: Final = "registry-responder"
_MARK: Final = "kindlings.dev/addons"
_PORT: Final = 5999
_HOSTS: Final = "certs.d/_default/hosts.toml"
_HOSTS_TEXT: Final = f"""\
server = "http://127.0.0.1:{_PORT}"

[host."http://127.0.0.1:{_PORT}"]
  capabilities = ["pull", "resolve"]
"""
_ADMISSION: Final = "admissionregistration.k8s.io/v1"
_PATIENCE: Final = 120


def manifests(*, mutating: bool) -> list[dict[str, Any]]:
    """Return the add-ons' objects, those for short termination only where the API serves them."""
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        *(_short_termination() if mutating else ()),
        *policies.host_path(),
        _responder(),
    ]


def _responder() -> dict[str, Any]:
    labels = {"app": RESPONDER}
    container = {
        "name": "httpd",
        "image": "busybox:1.36",
        "imagePullPolicy": "IfNotPresent",
        "command": ["httpd", "-f", "-p", f"127.0.0.1:{_PORT}", "-h", "/empty"],
        "readinessProbe": {
            "tcpSocket": {"host": "127.0.0.1", "port": _PORT},
            "periodSeconds": 5,
        },
        "resources": {"requests": {"cpu": "1m", "memory": "4Mi"}},
        "securityContext": {"readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False},
        "volumeMounts": [{"name": "empty", "mountPath": "/empty", "readOnly": True}],
    }
    pod = {
        "hostNetwork": True,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "priorityClassName": "system-node-critical",
        "terminationGracePeriodSeconds": 1,
        "tolerations": [{"operator": "Exists"}],
        "containers": [container],
        "volumes": [{"name": "empty", "emptyDir": {}}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": RESPONDER, "namespace": NAMESPACE},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def _short_termination() -> list[dict[str, Any]]:
    """Return the policy that gives Pods one second to end, without touching a learner's template."""
    name = "kindlings-short-termination"
    pods = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    policy = {
        "failurePolicy": "Ignore",
        "reinvocationPolicy": "Never",
        "matchConstraints": {"resourceRules": [pods]},
        "mutations": [
            {
                "patchType": "ApplyConfiguration",
                "applyConfiguration": {
                    "expression": "Object{spec: Object.spec{terminationGracePeriodSeconds: 1}}"
                },
            }
        ],
    }
    binding = {
        "policyName": name,
        "matchResources": {"namespaceSelector": {"matchLabels": {SHORT_TERMINATION: "true"}}},
    }
    return [
        {
            "apiVersion": _ADMISSION,
            "kind": "MutatingAdmissionPolicy",
            "metadata": {"name": name},
            "spec": policy,
        },
        {
            "apiVersion": _ADMISSION,
            "kind": "MutatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": binding,
        },
    ]


def version() -> str:
    """Return a short name for what this version of kindlings would apply."""
    text = json.dumps([manifests(mutating=True), _HOSTS_TEXT])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def applied(cluster: Cluster) -> bool:
    """Tell whether this version's add-ons are on the cluster and ready on every node."""
    try:
        answer = cluster.ask("get", "daemonset", RESPONDER, f"--namespace={NAMESPACE}", "--output=json")
    except InfrastructureError:
        return False
    found = json.loads(answer)
    status = found.get("status", {})
    wanted = status.get("desiredNumberScheduled", 0)
    marked: bool = found["metadata"].get("annotations", {}).get(_MARK) == version()
    return marked and 0 < wanted <= status.get("numberReady", 0)


def send(cluster: Cluster) -> None:
    """Apply the add-ons' objects, without waiting for their Pods; raises InfrastructureError."""
    served = json.loads(cluster.ask("get", "--raw", f"/apis/{_ADMISSION}"))
    mutating = any(one["kind"] == "MutatingAdmissionPolicy" for one in served["resources"])
    objects = {"apiVersion": "v1", "kind": "List", "items": manifests(mutating=mutating)}
    cluster.ask("apply", "--server-side", "--force-conflicts", "--filename=-", stdin=json.dumps(objects))


def complete(cluster: Cluster) -> None:
    """Wait until every node, and on each the add-ons, are ready; raises InfrastructureError."""
    patience = f"--timeout={_PATIENCE}s"
    cluster.ask("wait", "node", "--all", "--for=condition=Ready", patience, timeout=_PATIENCE)
    where = (f"daemonset/{RESPONDER}", f"--namespace={NAMESPACE}")
    cluster.ask("rollout", "status", *where, patience, timeout=_PATIENCE)
    # Last, so that the mark says that all of the above was done.
    cluster.ask(
        "annotate", "daemonset", RESPONDER, f"--namespace={NAMESPACE}", "--overwrite", f"{_MARK}={version()}"
    )


def allow_pull(cluster: Cluster, *, allowed: bool) -> None:
    """Let the nodes pull images from their registries, or keep them from it; holds from the next pull on."""
    names = [node.name for node in cluster.nodes()]
    with ThreadPoolExecutor(len(names) or 1) as pool:
        list(pool.map(lambda name: _open(cluster, name) if allowed else _close(cluster, name), names))


def _open(cluster: Cluster, node: str) -> None:
    cluster.engine.run("exec", node, "rm", "--force", f"/etc/containerd/{_HOSTS}")


def _close(cluster: Cluster, node: str) -> None:
    with tempfile.TemporaryFile() as archive:
        with tarfile.open(fileobj=archive, mode="w") as tar:
            entry = tarfile.TarInfo(_HOSTS)
            entry.size, entry.mode = len(_HOSTS_TEXT), 0o644
            tar.addfile(entry, io.BytesIO(_HOSTS_TEXT.encode()))
        archive.seek(0)
        cluster.engine.run(
            "exec", "--interactive", node, "tar", "--extract", "--directory=/etc/containerd", stdin=archive
        )
