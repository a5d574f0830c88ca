"""Controllers and claims: numbers, strategies, and the restartPolicy that goes with the kind."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, Final

from kindlings import objects
from kindlings.preflight import quantities, templates
from kindlings.preflight.findings import HERE, mapping, mappings, shown, whole, word
from kindlings.preflight.templates import doubtful, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.manifests import Document, FieldPath
    from kindlings.preflight.findings import Finding
    from kindlings.preflight.templates import Template

_ENDLESS: Final = {"Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController"}
_ENDING: Final = {"Job", "CronJob"}
_COUNTS: Final = (
    *("replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"),
    *("completions", "parallelism", "backoffLimit"),
)
_TAINTS: Final = (
    "node-role.kubernetes.io/control-plane",
    *(
        f"node.kubernetes.io/{what}"
        for what in (
            *("not-ready", "unreachable", "unschedulable", "network-unavailable", "out-of-service"),
            *("memory-pressure", "disk-pressure", "pid-pressure"),
        )
    ),
    "node.cloudprovider.kubernetes.io/uninitialized",
)
"""Source: https://kubernetes.io/docs/reference/labels-annotations-taints/"""
_PERCENT: Final = re.compile(r"[0-9]+%")
_MEGABYTE: Final = 10**6
_DEADLINE: Final = 600
"""The default of progressDeadlineSeconds."""


def check(document: Document) -> Iterator[Finding]:
    """Yield what the API server refuses of a controller, or of a claim for a volume."""
    for template in templates.of([document]):
        yield from _restart_policy(document, template)
        if template.root:
            yield from _counts(document)
        yield from _tolerations(document, template)
    if document.kind == "Deployment":
        yield from _strategy(document, ("spec", "strategy"))
        yield from _deadline(document)
    if document.kind == "DaemonSet":
        yield from _strategy(document, ("spec", "updateStrategy"))
    if document.kind == "PersistentVolumeClaim":
        yield from _claim(document, ("spec",))
    yield from _claim_templates(document)


def _restart_policy(document: Document, template: Template) -> Iterator[Finding]:
    policy, path = word(template.spec.get("restartPolicy")), template.at("restartPolicy")
    if document.kind in _ENDLESS and policy in {"Never", "OnFailure"}:
        what = f"restartPolicy {policy}{HERE} does not go with a {document.kind}"
        why = "Its Pods are to run for ever, so it takes restartPolicy Always only, which is the default."
        mend = "Take restartPolicy away; for a Pod that ends there is kind: Job."
        yield refused(document, path, what, mend, rule="restart-policy", why=why)
    if document.kind in _ENDING and template.spec.get("containers") and policy in {"", "Always"}:
        what = f"the Pods of {document.title}{HERE} have restartPolicy Always"
        what += "" if policy else ", which is the default"
        why, mend = "A Job's Pods are to end.", "Add restartPolicy: Never or OnFailure to the Pod's spec."
        yield refused(document, path, what, mend, rule="restart-policy", why=why)


def _counts(document: Document) -> Iterator[Finding]:
    for field in _COUNTS:
        number = whole(document.get("spec", field))
        if number is not None and number < 0:
            what, mend = f"{field} {number}{HERE} is below zero", "Write a number from 0 on."
            yield refused(document, ("spec", field), what, mend, rule="count")


def _deadline(document: Document) -> Iterator[Finding]:
    ready = whole(document.get("spec", "minReadySeconds")) or 0
    written = document.get("spec", "progressDeadlineSeconds")
    deadline = _DEADLINE if written is None else whole(written)
    if deadline is not None and 0 <= deadline <= ready:
        field = "minReadySeconds" if written is None else "progressDeadlineSeconds"
        what = f"progressDeadlineSeconds {deadline}{HERE} is not more than minReadySeconds {ready}"
        why = "No Pod could be ready for so long before the deadline."
        mend = "Raise progressDeadlineSeconds or lower minReadySeconds."
        yield refused(document, ("spec", field), what, mend, rule="count", why=why)


def _strategy(document: Document, path: FieldPath) -> Iterator[Finding]:
    strategy = mapping(document.get(*path))
    rolling = strategy.get("rollingUpdate")
    where: FieldPath = (*path, "rollingUpdate")
    if strategy.get("type") == "Recreate" and rolling is not None:
        what = f"rollingUpdate{HERE} does not go with the strategy Recreate"
        mend = "Take rollingUpdate away, or write type: RollingUpdate."
        why = "Recreate ends all old Pods first, and knows no numbers."
        yield refused(document, where, what, mend, rule="strategy", why=why)
    if word(strategy.get("type")) not in {"", "RollingUpdate"} or not isinstance(rolling, dict):
        return
    for field in ("maxSurge", "maxUnavailable"):
        value = rolling.get(field)
        bad = isinstance(value, str) and _PERCENT.fullmatch(value) is None
        if bad or (whole(value) or 0) < 0 or (field == "maxUnavailable" and _percents(value) > 100):
            what = f"{field} is {shown(value)}{HERE}"
            mend = "Write a number of Pods, or a share such as 25%."
            yield refused(document, (*where, field), what, mend, rule="strategy")
    if document.kind == "Deployment":
        yield from _nothing_moves(document, rolling, where)
        return
    surge, most = rolling.get("maxSurge"), rolling.get("maxUnavailable", 1)
    if _is_zero(most) and not _is_some(surge):
        what = f"maxUnavailable is 0{HERE} and there is no maxSurge above 0"
        why = "The update could neither take a Pod away nor add one."
        mend = "Write maxUnavailable: 1, or a maxSurge."
        yield refused(document, (*where, "maxUnavailable"), what, mend, rule="strategy", why=why)
    elif _is_some(surge) and _is_some(most):
        what = f"maxSurge {shown(surge)}{HERE} does not go with a maxUnavailable above 0"
        mend = "Write maxUnavailable: 0 beside it, or take maxSurge away."
        yield refused(document, (*where, "maxSurge"), what, mend, rule="strategy")


def _nothing_moves(document: Document, rolling: dict[str, Any], where: FieldPath) -> Iterator[Finding]:
    if all(field in rolling and _is_zero(rolling[field]) for field in ("maxSurge", "maxUnavailable")):
        other = document.at(*where, "maxSurge")
        what = f"maxUnavailable{HERE} and maxSurge ({other}) are both 0"
        why = "The rollout could neither take a Pod away nor add one."
        mend = "Make one of the two 1 or more."
        yield refused(document, (*where, "maxUnavailable"), what, mend, rule="strategy", why=why)


def _percents(value: Any) -> int:
    return int(value[:-1]) if isinstance(value, str) and _PERCENT.fullmatch(value) else 0


def _is_zero(value: Any) -> bool:
    return whole(value) == 0 or value == "0%"


def _is_some(value: Any) -> bool:
    return (whole(value) or 0) > 0 or _percents(value) > 0


def _tolerations(document: Document, template: Template) -> Iterator[Finding]:
    for index, one in mappings(template.spec.get("tolerations")):
        path = template.at("tolerations", index)
        operator = one.get("operator") or "Equal"
        if operator == "Exists" and one.get("value"):
            what = f"the toleration{HERE} has the operator Exists and a value"
            mend = "Take value away: Exists takes any."
            yield refused(document, path, what, mend, rule="toleration")
        if not one.get("key") and operator != "Exists":
            what = f"the toleration{HERE} has no key"
            mend = "Name the taint's key, or write operator: Exists to tolerate every taint."
            yield refused(document, path, what, mend, rule="toleration")
        if meant := _taint(word(one.get("key"))):
            what = f"Kubernetes has no taint {shown(one.get('key'))}{HERE}; did you mean {meant}?"
            why = "A toleration of another key tolerates nothing."
            yield doubtful(document, (*path, "key"), what, f"Write {meant}.", rule="toleration", why=why)
        if one.get("tolerationSeconds") is not None and one.get("effect") != "NoExecute":
            what = f"tolerationSeconds{HERE} goes with the effect NoExecute only"
            mend = "Take tolerationSeconds away, or write effect: NoExecute."
            yield refused(document, (*path, "tolerationSeconds"), what, mend, rule="toleration")


def _taint(key: str) -> str:
    """Return the taint of Kubernetes' own of which `key` is a typo, or an empty string."""
    if key in _TAINTS:
        return ""
    return next(iter(difflib.get_close_matches(key, _TAINTS, n=1, cutoff=0.9)), "")


def _claim_templates(document: Document) -> Iterator[Finding]:
    root = ("spec", "volumeClaimTemplates")
    for index, claim in mappings(document.get(*root) if document.kind == "StatefulSet" else None):
        if not mapping(claim.get("metadata")).get("name"):
            what, mend = f"the claim template{HERE} has no name", "Give it metadata: with a name."
            yield refused(document, (*root, index), what, mend, rule="claim")
        if not claim.get("spec"):
            what, mend = f"the claim template{HERE} has no spec", "Add spec: with accessModes and resources."
            why = "No claim can be made of it, so no Pod starts."
            yield doubtful(document, (*root, index), what, mend, rule="claim", why=why)
        yield from _claim(document, (*root, index, "spec"))
    for template in templates.of([document]):
        for index, volume in mappings(template.spec.get("volumes")):
            if isinstance(mapping(volume.get("ephemeral")).get("volumeClaimTemplate"), dict):
                path = template.at("volumes", index, "ephemeral", "volumeClaimTemplate", "spec")
                yield from _claim(document, path)


def _claim(document: Document, path: FieldPath) -> Iterator[Finding]:
    spec = mapping(document.get(*path))
    resources = spec.get("resources")
    asked = mapping(mapping(resources).get("requests"))
    where: FieldPath = (*path, "resources")
    if isinstance(resources, dict) and asked.get("storage") is None:
        what = f"the claim{HERE} does not say how much storage it wants"
        mend = "Write resources: with requests: and storage: 1Gi below it."
        yield refused(document, where, what, mend, rule="claim")
    elif (
        quantities.is_one(asked.get("storage", "1"))
        and 0 < (objects.quantity(asked.get("storage")) or 0) < _MEGABYTE
    ):
        what = f"storage {shown(asked['storage'])}{HERE} is less than a megabyte"
        mend = "Write the unit: 100Mi or 1Gi (m is a thousandth, no unit is bytes)."
        why = "A disk of that size holds nothing, and providers round it up or refuse it."
        yield doubtful(document, (*where, "requests", "storage"), what, mend, rule="claim", why=why)
    elif quantities.is_one(asked.get("storage", "1")) and (objects.quantity(asked.get("storage")) or 1) <= 0:
        what, mend = f"storage{HERE} is not above zero", "Write an amount such as 1Gi."
        yield refused(document, (*where, "requests", "storage"), what, mend, rule="claim")
