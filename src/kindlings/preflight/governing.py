"""Whether a StatefulSet's serviceName leads to a headless Service that selects its Pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kindlings.preflight import templates
from kindlings.preflight.findings import HERE, shown
from kindlings.preflight.selectors import finds, selector_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kindlings.manifests import Document
    from kindlings.preflight.findings import Finding
    from kindlings.preflight.templates import Template

_NAMES: Final = "Without its headless Service no Pod of a StatefulSet has a name of its own in the DNS."


def check(documents: Sequence[Document]) -> Iterator[Finding]:
    """Yield StatefulSets whose serviceName leads to no headless Service of the files."""
    services = [one for one in documents if one.kind == "Service"]
    for pods in templates.of(documents):
        one = pods.document
        if one.kind != "StatefulSet":
            continue
        near = [service for service in services if service.namespace == one.namespace]
        name = one.get("spec", "serviceName")
        named = next((service for service in near if service.name == name), None)
        if named is not None:
            yield from _is_governing(one, named, pods)
        elif name and isinstance(name, str) and near:
            yield _no_service(one, name, near)
        else:
            yield from _unnamed(one, near, pods)


def _no_service(one: Document, name: str, near: list[Document]) -> Finding:
    there = ", ".join(f"{service.name} ({service.at('metadata', 'name')})" for service in near)
    what = f"serviceName is {shown(name)}{HERE}, and the files have the Service {there}"
    return templates.doubtful(
        one,
        ("spec", "serviceName"),
        what,
        "Write the name of its headless Service, or add that Service.",
        rule="service-name",
        why=_NAMES,
    )


def _is_governing(one: Document, service: Document, pods: Template) -> Iterator[Finding]:
    where = ("spec", "serviceName")
    if service.get("spec", "clusterIP") != "None":
        what = f"serviceName is {service.name}{HERE}, and that Service is not headless ({service.at('spec')})"
        mend = f"Add clusterIP: None to the spec of Service {service.name}."
        yield templates.doubtful(one, where, what, mend, rule="service-name", why=_NAMES, also=service)
    elif (selector := selector_of(service)) and not finds(selector, pods):
        place = service.at("spec", "selector")
        what = f"serviceName is {service.name}{HERE}, and that Service selects other Pods ({place})"
        mend = f"Make the selector of Service {service.name} the labels of the template."
        yield templates.doubtful(one, where, what, mend, rule="service-name", why=_NAMES, also=service)


def _unnamed(one: Document, near: list[Document], pods: Template) -> Iterator[Finding]:
    for service in near:
        headless = service.get("spec", "clusterIP") == "None"
        if headless and selector_of(service) and finds(selector_of(service), pods):
            yield templates.doubtful(
                one,
                ("spec",),
                f"{one.title}{HERE} has no serviceName, and the headless Service {service.name} "
                f"({service.at('metadata', 'name')}) is for its Pods",
                f"Add serviceName: {service.name} to spec.",
                rule="service-name",
                why=_NAMES,
                also=service,
            )
            return
