"""What objects of a lab may not hold, at any depth, and what each namespace of a graded lab limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kindlings import manifests
from kindlings.cluster import access
from kindlings.explain import boundary

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.cluster.api import Api
    from tests.unit.apiserver import FakeApiServer

TEMPLATE = """
kind: StatefulSet
metadata: {{name: a}}
spec:
  template:
    metadata: {{{metadata}}}
    spec: {{{spec}}}
  volumeClaimTemplates:
    - metadata: {{{claim}}}
"""


def refused(path: Path, text: str) -> str:
    """Return why the object is refused, or an empty string."""
    path.write_text(text, encoding="utf-8")
    (document,) = manifests.read(path).documents
    failure = boundary.beyond(document)
    return failure.findings.because if failure else ""


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"metadata": "finalizers: [a/b]"}, "finalizers"),
        ({"claim": "finalizers: [a/b]"}, "finalizers"),
        ({"metadata": "ownerReferences: [{kind: Node}]"}, "ownerReferences"),
        ({"spec": "priorityClassName: system-node-critical"}, "priorityClassName"),
        ({"spec": "automountServiceAccountToken: true"}, "automountServiceAccountToken"),
        (
            {"spec": "volumes: [{projected: {sources: [{serviceAccountToken: {path: x}}]}}]"},
            "serviceAccountToken",
        ),
    ],
)
def test_what_reaches_beyond_a_lab_is_refused_at_any_depth(
    tmp_path: Path, given: dict[str, str], name: str
) -> None:
    """With the field, its line, and what it would do."""
    text = TEMPLATE.format(**{"metadata": "", "spec": "", "claim": "", **given})
    assert refused(tmp_path / "a.yaml", text).startswith(f"labs take no {name} (a.yaml:")


@pytest.mark.parametrize(
    "text",
    [
        "kind: Service\nspec: {externalIPs: [10.96.0.1]}",
        "kind: Secret\ntype: kubernetes.io/service-account-token",
    ],
)
def test_so_are_addresses_of_others_and_secrets_of_accounts(tmp_path: Path, text: str) -> None:
    """A Service takes no foreign traffic, a Secret gets no token."""
    assert refused(tmp_path / "a.yaml", text).startswith("labs take no ")


@pytest.mark.parametrize(
    "text",
    [
        "kind: Pod\nspec: {automountServiceAccountToken: false, priorityClassName: ''}",
        "kind: ConfigMap\ndata: {finalizers: x, externalIPs: y, priority: high}",
        "kind: Pod\nmetadata: {labels: {priority: high}, annotations: {ownerReferences: x}, finalizers: []}",
        "kind: Secret\ntype: Opaque",
    ],
)
def test_the_same_words_elsewhere_are_the_learners_own(tmp_path: Path, text: str) -> None:
    """As keys of data and labels, or said to be off."""
    assert refused(tmp_path / "a.yaml", text) == ""


def quota(server: FakeApiServer) -> dict[str, Any]:
    """Return the quota that was made."""
    (made,) = server.asked("POST", "/resourcequotas$")
    hard: dict[str, Any] = made.body["spec"]["hard"]
    return hard


def test_node_ports_are_for_labs_about_them(server: FakeApiServer, api: Api) -> None:
    """The cluster has each once: another lab's learner must not hold the one that a student needs."""
    access.create_namespace(api, "lab", {})
    assert quota(server)["services.nodeports"] == "0"


def test_a_lab_about_node_ports_has_some(server: FakeApiServer, api: Api) -> None:
    """Few, though."""
    access.create_namespace(api, "lab", {}, node_ports=True)
    assert quota(server)["services.nodeports"] == "5"


def test_a_graded_lab_is_limited_in_sum(server: FakeApiServer, api: Api) -> None:
    """Memory for each container and for all, and requests of 0 where a learner says nothing."""
    access.create_namespace(api, "lab", {}, graded=True)
    assert {"requests.memory", "limits.memory", "requests.cpu", "requests.storage"} <= set(quota(server))
    (limits,) = server.asked("POST", "/limitranges$")
    (each,) = limits.body["spec"]["limits"]
    assert each["default"]["memory"] == "256Mi"
    assert each["defaultRequest"] == {"cpu": "0", "memory": "0", "ephemeral-storage": "0"}


def test_a_learners_own_lab_has_no_such_limits(server: FakeApiServer, api: Api) -> None:
    """Nobody else is there."""
    access.create_namespace(api, "lab", {})
    assert "requests.memory" not in quota(server)
    assert server.asked("POST", "/limitranges$") == []
