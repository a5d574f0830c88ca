"""What a learner can find out about the cluster by looking, and what the cluster itself says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kindlings import objects
from kindlings.cluster.api import KINDS
from kindlings.errors import InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kindlings.cluster.api import Api

_FROM_FILE: Final = "kubernetes.io/config.source"
"""The annotation, value "file", of a Pod that a kubelet made from a file (well-known annotations)."""
_SYSTEM: Final = "kube-system"


@dataclass(frozen=True)
class Fact:
    """A question about the cluster, and how it is looked up."""

    about: str
    """What the answer is, to be read after "is"."""
    look: str
    """The kubectl arguments that show it."""
    read: str
    see: Callable[[Api], tuple[frozenset[str | int], str]]
    """Returns the right answers and what the cluster shows; InfrastructureError where it is not well."""


def number_of_nodes() -> Fact:
    """Return how many nodes there are, all of them Ready."""
    return Fact(
        "the number of the cluster's nodes",
        "get nodes",
        "https://kubernetes.io/docs/concepts/architecture/nodes/",
        _nodes,
    )


def home_of_the_parts() -> Fact:
    """Return the namespace in which the cluster's own Pods run, all of them Running."""
    return Fact(
        "the namespace in which the control plane's Pods run",
        "get pods -A",
        "https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/",
        _home,
    )


def runs_on_every_node() -> Fact:
    """Return a part of kube-system that has one Pod on each node."""
    return Fact(
        "a DaemonSet of kube-system, which has one Pod on every node",
        f"-n {_SYSTEM} get daemonsets,pods -o wide",
        "https://kubernetes.io/docs/concepts/architecture/#node-components",
        _on_every_node,
    )


def number_of_static_pods() -> Fact:
    """Return how many Pods a kubelet made from files, without an API server."""
    return Fact(
        "the number of Pods that a kubelet starts from files",
        f"-n {_SYSTEM} get pods -o wide",
        "https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/",
        _static_pods,
    )


def _items(observer: Api, kind: str, namespace: str | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = observer.get(KINDS[kind].path(namespace)).get("items") or []
    return found


def _nodes(observer: Api) -> tuple[frozenset[str | int], str]:
    nodes = _items(observer, "Node")
    for node in nodes:
        if not objects.says_ready(node):
            raise _unwell(f"Node {node['metadata']['name']} is not Ready")
    return frozenset({len(nodes)}), f"the cluster has {len(nodes)} nodes, each of them Ready"


def _static(observer: Api) -> list[dict[str, Any]]:
    return [
        pod
        for pod in _items(observer, "Pod")
        if (pod["metadata"].get("annotations") or {}).get(_FROM_FILE) == "file"
    ]


def _home(observer: Api) -> tuple[frozenset[str | int], str]:
    homes = {pod["metadata"]["namespace"] for pod in _static(observer)}
    for pod in (one for home in homes for one in _items(observer, "Pod", home)):
        if pod["status"].get("phase") not in {"Running", "Succeeded"}:
            raise _unwell(f"Pod {pod['metadata']['name']} is not Running")
    return frozenset(homes), f"etcd, the API server and the other parts run as Pods of {', '.join(homes)}"


def _on_every_node(observer: Api) -> tuple[frozenset[str | int], str]:
    count = len(_items(observer, "Node"))
    found = sorted(
        one["metadata"]["name"]
        for one in _items(observer, "DaemonSet", _SYSTEM)
        if one["status"].get("desiredNumberScheduled") == count
    )
    # The Pod network's name is another one with another node image.
    names = [name for name in found if name == "kube-proxy"] + ["what makes the Pod network"]
    return frozenset(found), f"one Pod on every node have: {', '.join(names)}"


def _static_pods(observer: Api) -> tuple[frozenset[str | int], str]:
    names = sorted(pod["metadata"]["name"] for pod in _static(observer))
    nodes = {pod["spec"]["nodeName"] for pod in _static(observer)}
    short = [name.removesuffix(f"-{node}") for name in names for node in nodes if name.endswith(f"-{node}")]
    return frozenset({len(names)}), f"started from files are {', '.join(short)}"


def _unwell(what: str) -> InfrastructureError:
    return InfrastructureError(f"{what}.", "Run `kindlings doctor`, then the lab again.")
