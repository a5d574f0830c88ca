"""Why a DaemonSet leaves a node out: a taint that its Pods do not tolerate, or labels that the node lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kindlings.conditions import Scene
from kindlings.daemons import OneOnEach, tolerates

if TYPE_CHECKING:
    from kindlings.daemons import Node, Taint
    from kindlings.explain.sources import Sources
    from kindlings.manifests import Document, FieldPath
    from kindlings.waiting import Unmet

READ_TAINTS: Final = "https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/"
READ_LABELS: Final = "https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/"


def because(verdict: Unmet, sources: Sources) -> tuple[str, str]:
    """Say why the DaemonSet leaves out a node that the verdict's condition asks for, and where to read on.

    Both are empty where the condition asks for no nodes, or nothing of the manifest keeps Pods off them.
    """
    owner = verdict.target.owner(verdict.snapshot)
    document = sources.of(owner, verdict.snapshot) if owner else None
    if document is None or not isinstance(verdict.condition, OneOnEach):
        return "", ""
    spec = (*sources.pod_root(document), "spec")
    empty = verdict.condition.empty(Scene(verdict.target, verdict.snapshot))
    for node in empty:
        if found := _labels(node, document, spec):
            return found, READ_LABELS
    for node in empty:
        for taint in node.taints:
            if found := _untolerated(node, taint, document, spec):
                return found, READ_TAINTS
    return "", ""


def _labels(node: Node, document: Document, spec: FieldPath) -> str:
    asked = document.get(*spec, "nodeSelector")
    for key, value in (asked if isinstance(asked, dict) else {}).items():
        if node.labels.get(key) != str(value):
            place = document.at(*spec, "nodeSelector", key)
            has = f"{key}={node.labels[key]}" if key in node.labels else f"no label {key}"
            asks = f"{key}={value}" if value else f"the label {key}"
            return f"nodeSelector asks for {asks} ({place}), and node {node.name} has {has}"
    return ""


def _untolerated(node: Node, taint: Taint, document: Document, spec: FieldPath) -> str:
    written = document.get(*spec, "tolerations")
    tolerations: list[dict[str, Any]] = written if isinstance(written, list) else []
    if any(tolerates(one, taint) for one in tolerations):
        return ""
    start = f"node {node.name} has the taint {taint}"
    if not tolerations:
        return f"{start}, and the Pod's spec ({document.at(*spec)}) has no toleration for it"
    # The one that was meant for this taint is the one that shares most with it.
    index = max(range(len(tolerations)), key=lambda at: tolerations[at].get("key") == taint.key)
    path = (*spec, "tolerations", index)
    return f"{start}, and the toleration {_difference(tolerations[index], taint, document, path)}"


def _difference(toleration: dict[str, Any], taint: Taint, document: Document, path: FieldPath) -> str:
    key, effect = toleration.get("key"), toleration.get("effect")
    if key and key != taint.key:
        return f"is for {key} ({document.at(*path, 'key')})"
    if effect and effect != taint.effect:
        return f"is for the effect {effect} ({document.at(*path, 'effect')})"
    asked = toleration.get("value") or ""
    has = f"has {taint.value}" if taint.value else "has none"
    field = "value" if asked else "key"
    wants = f"the value {asked}" if asked else "no value"
    return (
        f"asks for {wants} ({document.at(*path, field)}), where the taint {has}; operator: Exists takes any"
    )
