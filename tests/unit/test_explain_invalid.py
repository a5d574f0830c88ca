"""What the learner reads where the API server's validation refuses a value, and where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.fakes import POD
from tests.unit.refusal_cases import END, invalid, told

if TYPE_CHECKING:
    from pathlib import Path


def test_a_missing_field_is_asked_for_where_it_would_stand(tmp_path: Path) -> None:
    """Required, and where."""
    text = POD.replace("      image: busybox:1.36\n", "")
    findings = invalid(tmp_path, text, "spec.containers[0].image", "FieldValueRequired", "Required value")
    assert findings.because == "a container needs image (single-container.yaml:7)"


def test_a_required_value_that_is_wrong_is_not_called_missing(tmp_path: Path) -> None:
    """The server says Required of a number that must not be 0."""
    text = (
        POD.replace("kind: Pod", "kind: DaemonSet")
        + "  updateStrategy: {rollingUpdate: {maxUnavailable: 0}}\n"
    )
    field, words = "spec.updateStrategy.rollingUpdate.maxUnavailable", "cannot be 0 when maxSurge is 0"
    findings = invalid(tmp_path, text, field, "FieldValueRequired", f"Required value: {words}")
    assert findings.because == (
        f"maxUnavailable is 0 (single-container.yaml:{END + 1}) and there is no maxSurge above 0:"
        " write maxUnavailable: 1, or a maxSurge"
    )


def test_a_field_of_a_pod_that_cannot_be_asked_for_is_found(tmp_path: Path) -> None:
    """The downward API offers some fields of a Pod, not all."""
    reference = "valueFrom: {fieldRef: {fieldPath: spec.node}}"
    text = POD + f"      env: [{{name: NODE, {reference}}}]\n"
    message = 'Invalid value: "spec.node": error converting fieldPath: field label not supported: spec.node'
    field = "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath"
    findings = invalid(tmp_path, text, field, "FieldValueInvalid", message)
    assert findings.because.startswith(f"spec.node (single-container.yaml:{END + 1}) names no value")


def test_an_invalid_value_is_found(tmp_path: Path) -> None:
    """The cause's field leads to the line, its message is told."""
    text = POD.replace("busybox:1.36", "busybox:1.36\n      imagePullPolicy: Sometimes")
    field = "spec.containers[0].imagePullPolicy"
    words = 'Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"'
    findings = invalid(tmp_path, text, field, "FieldValueNotSupported", words)
    assert findings.because == (
        "imagePullPolicy is Sometimes (single-container.yaml:9), which is none of Always, IfNotPresent, Never"
    )


WORKLOAD = """\
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector:
    matchLabels:
      app: agent
  updateStrategy:
    type: Rolling
  template:
    metadata: {labels: {app: agent}}
"""


def test_a_word_that_is_not_supported_is_found_in_its_mapping(tmp_path: Path) -> None:
    """The server names updateStrategy, and the wrong word is its type."""
    words = 'Unsupported value: {"Type":"Rolling"}: supported values: "RollingUpdate", "OnDelete"'
    findings = invalid(tmp_path, WORKLOAD, "spec.updateStrategy", "FieldValueNotSupported", words)
    assert str(findings.place) == "single-container.yaml:9"


@pytest.mark.parametrize(
    ("old", "new", "because"),
    [
        (
            "      app: agent\n",
            "",
            "the selector (single-container.yaml:5) asks for no label: write matchLabels with a label "
            "that the Pod template carries",
        ),
        (
            "      app: agent\n",
            "      app: agent\n    matchExpressions: [{key: tier, operator: Exists}]\n",
            "the selector's rule for tier (single-container.yaml:8) does not hold for the Pod template: it "
            "carries no tier (single-container.yaml:12): change the rule, or the template's label tier",
        ),
        (
            "{app: agent}}",
            "{pap: agent}}",
            "the selector asks for app=agent (single-container.yaml:7), the Pod template carries "
            "pap=agent and no app (single-container.yaml:11)",
        ),
    ],
)
def test_a_selector_that_finds_nothing_is_told_by_both_lines(
    tmp_path: Path, old: str, new: str, because: str
) -> None:
    """An empty selector, a rule beside it that does not hold, and a label whose key has a typo."""
    words = "Invalid value: `selector` does not match template `labels`"
    text = WORKLOAD.replace(old, new)
    findings = invalid(tmp_path, text, "spec.template.metadata.labels", "FieldValueInvalid", words)
    assert findings.because == because


def test_a_selector_that_is_missing_is_no_mismatch(tmp_path: Path) -> None:
    """The server also says that it does not match, and what is to be written is what is not there."""
    text = WORKLOAD.replace("  selector:\n    matchLabels:\n      app: agent\n", "")
    words = (
        "[spec.selector: Required value, spec.template.metadata.labels: `selector` does not match template"
    )
    findings = invalid(tmp_path, text, "spec.selector", "FieldValueRequired", words)
    assert findings.because == "spec needs selector (single-container.yaml:4)"


def test_an_object_without_a_name_is_told_so(tmp_path: Path) -> None:
    """Whatever the server says of what it could not do without one."""
    text = WORKLOAD.replace("{name: agent}", "{labels: {a: b}}")
    findings = invalid(tmp_path, text, "spec.clusterIPs", "FieldValueInvalid", "failed to allocate IP")
    assert findings.because == "the object has no metadata.name (single-container.yaml:3)"


def test_a_field_beside_the_empty_one_that_should_hold_it(tmp_path: Path) -> None:
    """A key indented too little, or the one above it too far: both lines are named."""
    text = WORKLOAD.replace("      app: agent\n", "    app: agent\n")
    findings = told(tmp_path, text, 'strict decoding error: unknown field "spec.selector.app"')
    assert findings.because == (
        "spec.selector has no field app (single-container.yaml:7), and matchLabels (single-container.yaml:6) "
        "is empty: indent what is to stand in it further"
    )


def test_a_name_that_cannot_be_is_found(tmp_path: Path) -> None:
    """Upper case in metadata.name."""
    text = POD.replace("name: counter", "name: Counter")
    words = 'Invalid value: "Counter": a lowercase RFC 1123 subdomain must consist of lower case characters'
    findings = invalid(tmp_path, text, "metadata.name", "FieldValueInvalid", words)
    assert str(findings.place) == "single-container.yaml:4"
    assert "Counter" in findings.because


def test_a_mount_of_a_volume_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    """The server says "Not found"; preflight knows what there is."""
    text = (
        POD + "      volumeMounts: [{name: logs, mountPath: /logs}]\n"
        "  volumes: [{name: data, emptyDir: {}}]\n"
    )
    field = "spec.containers[0].volumeMounts[0].name"
    findings = invalid(tmp_path, text, field, "FieldValueNotFound", 'Not found: "logs"')
    assert findings.because.startswith(
        "there is no volume logs (single-container.yaml:9); the Pod (single-container.yaml:5) has data"
    )
    assert "add a volume logs" in findings.because


def test_what_preflight_does_not_know_is_told_in_the_servers_words(tmp_path: Path) -> None:
    """Preflight finds nothing, or something else than the server and more than one thing."""
    field, words = "spec.containers[0].args", "Invalid value: not today"
    for text in (POD, POD + "      tty: sure\n      stdin: sure\n"):
        findings = invalid(tmp_path, text, field, "FieldValueInvalid", words)
        assert findings.because.startswith("spec.containers.0.args: Invalid value: not today")
