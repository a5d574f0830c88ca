"""What the learner reads for each refusal, from the API server's own words to the line in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kindlings.cluster.api import KINDS, Refusal
from kindlings.explain import refusals
from tests.unit.fakes import POD, document
from tests.unit.refusal_cases import STRICT, told

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.errors import Findings


def test_an_unknown_field_is_found_and_a_known_one_offered(tmp_path: Path) -> None:
    """The line of the misspelled field, and what was meant; "saw" is the server's word."""
    findings = told(
        tmp_path, POD.replace("image:", "imgae:"), STRICT + 'unknown field "spec.containers[0].imgae"'
    )
    assert findings.expected == "Pod counter to be taken by the API server"
    assert findings.saw == 'refused: unknown field "spec.containers[0].imgae"'
    assert findings.because == "a container has no field imgae (single-container.yaml:8); did you mean image?"
    assert findings.look == "kindlings kubectl explain pod"
    assert str(findings.place) == "single-container.yaml:8"


def test_a_field_in_the_wrong_case_is_meant_as_the_right_one(tmp_path: Path) -> None:
    """What was meant is restartPolicy."""
    findings = told(tmp_path, POD + "  restartpolicy: Never\n", STRICT + 'unknown field "spec.restartpolicy"')
    expected = "spec has no field restartpolicy (single-container.yaml:9); did you mean restartPolicy?"
    assert findings.because == expected


def test_a_field_in_the_wrong_place_is_told_where_it_belongs(tmp_path: Path) -> None:
    """Volumes are the Pod's, not the container's."""
    findings = told(
        tmp_path, POD + "      volumes: []\n", STRICT + 'unknown field "spec.containers[0].volumes"'
    )
    assert findings.because == "volumes belongs to spec, not to a container (single-container.yaml:9)"


def test_a_field_of_the_pods_is_told_from_one_of_their_controller(tmp_path: Path) -> None:
    """Tolerations belong into the template."""
    text = (
        "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: agent\nspec:\n"
        "  tolerations: []\n  template: {}\n"
    )
    findings = told(tmp_path, text, STRICT + 'unknown field "spec.tolerations"')
    assert (
        findings.because == "tolerations belongs to spec.template.spec, not to spec (single-container.yaml:6)"
    )


def test_an_unknown_field_like_no_other_is_to_go(tmp_path: Path) -> None:
    """Nothing is guessed, but a reader is told what to do."""
    findings = told(tmp_path, POD + "zzzzqqq: 1\n", STRICT + 'unknown field "zzzzqqq"')
    assert findings.because == (
        "the object itself has no field zzzzqqq (single-container.yaml:9):"
        " take zzzzqqq away, or look where it belongs"
    )


@pytest.mark.parametrize(
    ("lines", "field", "because"),
    [
        ("hostIPC: true\n", "hostIPC", "hostIPC belongs to spec, not to the object itself"),
        ("labels: {app: x}\n", "labels", "labels belongs to metadata, not to the object itself"),
        (
            "      limits: {memory: 1Gi}\n",
            "spec.containers[0].limits",
            "limits belongs to spec.containers.resources, not to a container",
        ),
        (
            "      containerPort: 80\n",
            "spec.containers[0].containerPort",
            "containerPort belongs to an item of ports, not to a container",
        ),
    ],
)
def test_a_field_that_stands_too_far_out_is_told_what_it_belongs_to(
    tmp_path: Path, lines: str, field: str, because: str
) -> None:
    """Where one field beside it alone may hold such a field, that one is named."""
    findings = told(tmp_path, POD + lines, STRICT + f'unknown field "{field}"')
    assert findings.because == f"{because} (single-container.yaml:9)"


def test_a_field_that_several_could_hold_is_not_put_anywhere(tmp_path: Path) -> None:
    """A container has three probes, and each may have httpGet."""
    field = "spec.containers[0].httpGet"
    findings = told(tmp_path, POD + "      httpGet: {port: 80}\n", STRICT + f'unknown field "{field}"')
    assert findings.because.startswith("a container has no field httpGet (single-container.yaml:9)")


def test_a_label_in_a_selector_itself_belongs_to_match_labels(tmp_path: Path) -> None:
    """As a Service's selector, and a ReplicationController's, have it."""
    text = POD.replace("kind: Pod", "kind: ReplicaSet").replace("apiVersion: v1", "apiVersion: apps/v1")
    findings = told(tmp_path, text + "  selector:\n    app: x\n", 'unknown field "spec.selector.app"')
    assert findings.because == (
        "app belongs to spec.selector.matchLabels, not to spec.selector (single-container.yaml:10)"
    )


def test_of_several_unknown_fields_the_first_is_told(tmp_path: Path) -> None:
    """One mistake at a time."""
    message = STRICT + 'unknown field "spec.containers[0].imgae", unknown field "spec.foo"'
    findings = told(tmp_path, POD.replace("image:", "imgae:") + "  foo: 1\n", message)
    assert str(findings.place) == "single-container.yaml:8"


@pytest.mark.parametrize(
    ("lines", "words", "because"),
    [
        (
            "      env:\n        NAME: Ali\n",
            "cannot unmarshal object into Go struct field Container.spec.containers.env of type []v1.EnvVar",
            "env wants a list (each item begins with a dash) and has a mapping (single-container.yaml:9):"
            " begin each item of env with a dash",
        ),
        (
            "      env:\n        - name: COUNT\n          value: 3\n",
            "cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string",
            "value wants a text and has the number 3 (single-container.yaml:11):"
            " put it in quotes, as it stands",
        ),
        (
            "      args: [sleep, 3600]\n",
            "cannot unmarshal number into Go struct field Container.spec.containers.args of type string",
            "an item of args wants a text and has the number 3600 (single-container.yaml:9):"
            " put it in quotes, as it stands",
        ),
        (
            "      env:\n        - name: DEBUG\n          value: yes\n",
            "cannot unmarshal bool into Go struct field EnvVar.spec.containers.env.value of type string",
            "value wants a text and has true, which is no text and no number (single-container.yaml:11):"
            " put it in quotes, as it stands",
        ),
        (
            "      ports:\n        - containerPort: http\n",
            "cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort"
            " of type int32",
            "containerPort wants a whole number and has the text http (single-container.yaml:10)",
        ),
        (
            "      resources: [1Gi]\n",
            "cannot unmarshal array into Go struct field Container.spec.containers.resources of type"
            " v1.ResourceRequirements",
            "resources wants a mapping of fields and has a list (single-container.yaml:9)",
        ),
        (
            "      tty: sure\n",
            "cannot unmarshal string into Go struct field Container.spec.containers.tty of type bool",
            "tty wants true or false and has the text sure (single-container.yaml:9)",
        ),
    ],
)
def test_a_value_of_the_wrong_type_is_found(tmp_path: Path, lines: str, words: str, because: str) -> None:
    """The server leaves out which item it was; the file tells."""
    findings = told(tmp_path, POD + lines, f'Pod in version "v1" cannot be handled as a Pod: json: {words}')
    assert findings.because == because
    assert findings.saw == f"refused: {words}"


def test_the_item_with_the_wrong_type_is_the_one_that_is_meant(tmp_path: Path) -> None:
    """Of two containers with env, the one whose env is a mapping."""
    second = "    - name: two\n      image: busybox:1.36\n      env:\n        A: b\n"
    text = POD + "      env:\n        - name: A\n          value: b\n" + second
    words = (
        "json: cannot unmarshal object into Go struct field Container.spec.containers.env of type []v1.EnvVar"
    )
    assert str(told(tmp_path, text, words).place) == "single-container.yaml:14"


def test_the_line_that_preflight_finds_is_told_where_the_server_means_another(tmp_path: Path) -> None:
    """The server speaks of a Service's selector, and the line to mend is the one below it."""
    text = (
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
        "spec:\n  selector:\n    matchLabels: {app: web}\n  ports: [{port: 80}]\n"
    )
    words = "cannot unmarshal object into Go struct field ServiceSpec.spec.selector of type string"
    findings = told(tmp_path, text, f"json: {words}")
    assert findings.because == (
        "matchLabels wants a text and has a mapping (single-container.yaml:6):"
        " a Service's selector has the labels themselves: take the line matchLabels: away"
    )
    assert str(findings.place) == "single-container.yaml:6"


def test_a_quantity_that_is_none_is_found(tmp_path: Path) -> None:
    """The server names no field; the file has the word."""
    limits = (
        "      resources:\n        requests:\n          cpu: 100m\n        limits:\n          memory: 1GB\n"
    )
    message = (
        'Pod in version "v1" cannot be handled as a Pod: quantities must match the regular expression '
        "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    )
    findings = told(tmp_path, POD + limits, message)
    assert findings.because.startswith(
        "1GB is no quantity (single-container.yaml:13); memory is written as 1Gi"
    )
    assert findings.saw.startswith("refused: quantities must match the regular expression")


def test_pod_security_names_the_field(tmp_path: Path) -> None:
    """What baseline forbids, at its line."""
    message = (
        'pods "counter" is forbidden: violates PodSecurity "baseline:latest": '
        "host namespaces (hostNetwork=true)"
    )
    findings = told(tmp_path, POD + "  hostNetwork: true\n", message, code=403, reason="Forbidden")
    assert findings.because == (
        "labs run at the Pod Security level baseline, which forbids hostNetwork (single-container.yaml:9)"
    )
    assert findings.saw == f"refused: {message}"


def test_pod_security_in_unknown_words_is_quoted(tmp_path: Path) -> None:
    """A rule that names no field that we know."""
    message = (
        'pods "counter" is forbidden: violates PodSecurity "baseline:latest": seccompProfile (Unconfined)'
    )
    findings = told(tmp_path, POD, message, code=403, reason="Forbidden")
    assert findings.because == "labs run at the Pod Security level baseline: seccompProfile (Unconfined)"


def test_the_quota_is_told(tmp_path: Path) -> None:
    """How many a lab may have."""
    message = (
        'pods "counter" is forbidden: exceeded quota: kindlings, requested: count/pods=1, '
        "used: count/pods=40, limited: count/pods=40"
    )
    findings = told(tmp_path, POD, message, code=403, reason="Forbidden")
    assert findings.because == "a lab may have at most count/pods=40"


def test_a_type_that_the_quota_forbids_is_told_with_its_line(tmp_path: Path) -> None:
    """A Service is refused for its type, not for being one too many."""
    message = (
        'services "golang" is forbidden: exceeded quota: kindlings, requested: services.nodeports=1, '
        "used: services.nodeports=0, limited: services.nodeports=0"
    )
    text = "apiVersion: v1\nkind: Service\nmetadata: {name: golang}\nspec:\n  type: NodePort\n"
    findings = told(tmp_path, text, message, code=403, reason="Forbidden")
    assert findings.because == (
        "a lab may have at most services.nodeports=0, and type is NodePort (single-container.yaml:5)"
    )


def test_two_objects_of_one_name_are_told(tmp_path: Path) -> None:
    """AlreadyExists is the name's line."""
    findings = told(tmp_path, POD, 'pods "counter" already exists', code=409, reason="AlreadyExists")
    assert findings.because == "two objects of the lab are called Pod counter"
    assert str(findings.place) == "single-container.yaml:4"


def test_an_object_that_stands_twice_is_told_with_both_lines(tmp_path: Path) -> None:
    """The second is taken as a change of the first, and what is said of that change is beside the point."""
    words = "spec.containers: Forbidden: pod updates may not add or remove containers"
    refusal = Refusal(422, {"message": words, "reason": "Invalid"})
    first, second = document(tmp_path, POD, "a.yaml"), document(tmp_path, POD, "b.yaml")
    found = refusals.refused(second, refusal, "", first).findings
    assert found.because.startswith("Pod counter stands twice (a.yaml:4, b.yaml:4), and the second would")
    assert str(found.place) == "b.yaml:4"
    assert "twice" not in refusals.refused(second, refusal, "", second).findings.because


def test_a_refusal_in_unknown_words_is_quoted(tmp_path: Path) -> None:
    """Nothing is made up: no because, the server's words, shortened to a few lines."""
    findings = told(tmp_path, POD, "admission webhook said no " + "x" * 500, code=403)
    assert findings.because == ""
    assert findings.saw.startswith("refused: admission webhook said no")
    assert len(findings.saw) < 200


# Before the server is asked.

KNOWN = {kind.kind: kind.group_version for kind in KINDS.values()}


def wrong(folder: Path, text: str, *allowed: str) -> Findings | None:
    """Return what is told about an object's kind in a lab that takes `allowed`."""
    failure = refusals.wrong_kind(document(folder, text), allowed or ("Pod",), KNOWN)
    return failure.findings if failure else None


def test_the_right_kind_is_no_matter(tmp_path: Path) -> None:
    """Nothing to say."""
    assert wrong(tmp_path, POD) is None


@pytest.mark.parametrize(
    ("text", "expected", "because"),
    [
        (POD.replace("kind: Pod", "kind: Pods"), "an object of kind Pod", "there is no kind Pods"),
        (POD.replace("kind: Pod", "kind: Pods"), "an object of kind Pod", "did you mean Pod?"),
        (POD.replace("kind: Pod", "kind: pod"), "an object of kind Pod", "there is no kind pod"),
        (POD.replace("kind: Pod", "kind: Service"), "objects of kind Pod only", "the object is a Service"),
        (
            POD.replace(": v1", ": apps/v1"),
            "apiVersion v1 for a Pod",
            "served at apiVersion v1, not at apps/v1",
        ),
        (
            POD.replace("apiVersion: v1\n", ""),
            "apiVersion in every object",
            "begins at single-container.yaml:1",
        ),
        (POD.replace("kind: Pod\n", ""), "kind in every object", "the object has no kind"),
        (
            POD.replace("kind: Pod\n", "kidn: Pod\n"),
            "kind in every object",
            "is kidn (single-container.yaml:2) meant",
        ),
        (POD.replace("kind: Pod", "kind: [Pod]"), "an object of kind Pod", ""),
    ],
)
def test_a_wrong_kind_is_told_before_it_is_sent(
    tmp_path: Path, text: str, expected: str, because: str
) -> None:
    """Misspelled, another lab's, at the wrong version, or missing."""
    findings = wrong(tmp_path, text)
    assert findings is not None
    assert findings.expected == expected
    assert because in findings.because
    assert findings.place is not None
    assert findings.place.line


def test_a_foreign_namespace_is_told(tmp_path: Path) -> None:
    """Each lab has a namespace of its own, which may be named, no other."""
    text = POD.replace("name: counter", "name: counter\n  namespace: default")
    failure = refusals.foreign_namespace(document(tmp_path, text), "lab")
    assert failure is not None
    assert failure.findings.because == (
        "metadata.namespace is default (single-container.yaml:5); leave it out: each lab has its own"
    )
    assert refusals.foreign_namespace(document(tmp_path, text), "default") is None
    assert refusals.foreign_namespace(document(tmp_path, POD), "lab") is None
