"""Whether selectors find the labels they are for: a controller's in its template, a Service's at a Pod."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kindlings.preflight import templates
from kindlings.preflight.findings import HERE, mapping, mappings, shown, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kindlings.manifests import Document, FieldPath
    from kindlings.preflight.findings import Finding
    from kindlings.preflight.templates import Template

_CONTROLLERS: Final = {"Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"}
_SELECTOR: Final = ("spec", "selector")
_RULES: Final = ("matchLabels", "matchExpressions")
_FINDS: Final = (
    "A controller knows its Pods by these labels, so the API server refuses one that makes others."
)


def check(document: Document) -> Iterator[Finding]:
    """Yield why a controller's selector does not find the Pods of its own template."""
    if document.kind not in _CONTROLLERS or document.get("apiVersion") != "apps/v1":
        return
    selector = document.get(*_SELECTOR)
    if isinstance(selector, dict) and not any(selector.get(key) for key in _RULES):
        what = f"the selector{HERE} asks for no label"
        mend = "Write matchLabels with a label that the Pod template carries."
        yield templates.refused(document, _SELECTOR, what, mend, rule="selector", why=_FINDS)
    for template in templates.of([document]):
        yield from _labels(document, template)
        yield from _expressions(document, template)


def _labels(document: Document, template: Template) -> Iterator[Finding]:
    labels, path = template.labels, (*template.root, "metadata", "labels")
    for key, written in mapping(document.get(*_SELECTOR, "matchLabels")).items():
        value = written or ""  # nothing is an empty text
        if not isinstance(value, str) or (key in labels and (labels[key] or "") == value):
            continue
        asks = f"the selector asks for {_pair(key, value)}{HERE}"
        carries = f"the Pod template carries {_carried(labels, key)} ({document.at(*path, key)})"
        yield templates.refused(
            document,
            (*_SELECTOR, "matchLabels", key),
            f"{asks}, {carries}",
            f"Give the selector and the template's labels the same {shown(key)}.",
            rule="selector",
            why=_FINDS,
        )


def _expressions(document: Document, template: Template) -> Iterator[Finding]:
    for index, one in mappings(document.get(*_SELECTOR, "matchExpressions")):
        if not _holds(one, template.labels):
            key = shown(one.get("key"))
            has = _carried(template.labels, str(one.get("key")))
            where = document.at(*template.root, "metadata", "labels")
            yield templates.refused(
                document,
                (*_SELECTOR, "matchExpressions", index),
                f"the selector's rule for {key}{HERE} does not hold for the Pod template: "
                f"it carries {has} ({where})",
                f"Change the rule, or the template's label {key}.",
                rule="selector",
                why=_FINDS,
            )


def _holds(rule: dict[str, Any], labels: dict[str, Any]) -> bool:
    """Tell whether a matchExpressions rule holds; one that cannot be read is another check's to tell."""
    key, values = word(rule.get("key")), rule.get("values")
    there = key in labels
    among = isinstance(values, list) and labels.get(key) in values
    return {
        "In": there and among,
        "NotIn": not (there and among),
        "Exists": there,
        "DoesNotExist": not there,
    }.get(word(rule.get("operator")), True)


def services(documents: Sequence[Document]) -> Iterator[Finding]:
    """Yield the Services that select no Pod of the files, where the files have Pods."""
    pods = templates.of(documents)
    for service in documents:
        selector = selector_of(service)
        near = [one for one in pods if one.document.namespace == service.namespace]
        if selector and near and not any(finds(selector, one) for one in near):
            yield _selects_nobody(service, selector, near)
        elif (
            near and service.kind == "Service" and not selector and not _is_led_otherwise(service, documents)
        ):
            yield _selects_nothing(service, near)


def _is_led_otherwise(service: Document, documents: Sequence[Document]) -> bool:
    """Tell whether a Service without a selector is meant so: an alias, or with endpoints from the files."""
    if service.get("spec", "type") == "ExternalName" or service.get(*_SELECTOR):
        return True  # a selector that cannot be read is another check's to tell
    return any(
        (one.kind == "Endpoints" and one.name == service.name)
        or (
            one.kind == "EndpointSlice"
            and one.get("metadata", "labels", "kubernetes.io/service-name") == service.name
        )
        for one in documents
    )


def _selects_nothing(service: Document, pods: list[Template]) -> Finding:
    labels = next((one.labels for one in pods if one.labels), {})
    example = ", ".join(_pair(*one).replace("=", ": ", 1) for one in labels.items())
    return templates.doubtful(
        service,
        _SELECTOR,
        f"{service.title}{HERE} selects no Pods: its spec has no selector",
        "Add selector: to spec, and below it the labels of its Pods" + (f" ({example})." if example else "."),
        rule="service-selector",
        why="A Service without Pods answers no request.",
    )


def selector_of(service: Document) -> dict[str, Any]:
    """Return a Service's selector, empty for another kind and where there is none that can be read."""
    is_one = service.kind == "Service" and service.get("spec", "type") != "ExternalName"
    selector = mapping(service.get(*_SELECTOR)) if is_one else {}
    return selector if all(isinstance(value, str) for value in selector.values()) else {}


def finds(selector: dict[str, Any], template: Template) -> bool:
    """Tell whether a Service's selector finds the template's Pods."""
    labels = template.labels
    return all(key in labels and labels[key] == value for key, value in selector.items())


def _selects_nobody(service: Document, selector: dict[str, Any], pods: list[Template]) -> Finding:
    """Tell it with the Pod whose labels are most alike, and with the first label that it lacks."""
    likest = max(pods, key=lambda one: _likeness(selector, one))
    missing = {key: value for key, value in selector.items() if likest.labels.get(key) != value}
    key = next(iter(missing))
    near = next((one for one in missing if one in likest.labels), next(iter(likest.labels), ""))
    path: FieldPath = (*likest.root, "metadata", "labels", *((near,) if near else ()))
    carries = ", ".join(_pair(*one) for one in likest.labels.items()) or "no label"
    asks = ", ".join(_pair(*one) for one in selector.items())
    return templates.doubtful(
        service,
        (*_SELECTOR, key),
        f"the Service selects {asks}{HERE}, and no Pod of the files carries that: "
        f"{_pods_of(likest)} {carries} ({likest.document.at(*path)})",
        f"Make the Service's selector and the labels of {_pods_of(likest, bare=True)} alike.",
        rule="service-selector",
        why="A Service without Pods answers no request.",
        also=likest.document,
    )


def _likeness(selector: dict[str, Any], template: Template) -> tuple[int, int]:
    labels = template.labels
    same = sum(1 for key, value in selector.items() if labels.get(key) == value)
    return same, sum(1 for key in selector if key in labels)


def _pods_of(template: Template, *, bare: bool = False) -> str:
    alone = template.document.kind == "Pod"
    who = template.document.title if alone else f"the Pods of {template.document.title}"
    return who if bare else f"{who} {'carries' if alone else 'carry'}"


def _carried(labels: dict[str, Any], key: str) -> str:
    return _pair(key, labels[key]) if key in labels else f"no {shown(key)}"


def _pair(key: object, value: object) -> str:
    return f"{shown(key)}={shown(value)}"
