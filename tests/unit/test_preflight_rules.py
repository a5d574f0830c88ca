"""Each check of preflight: a manifest that is wrong in one place, and the finding that tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.unit.preflight_cases import (
    DEPLOYMENT,
    HEADLESS,
    POD,
    READ,
    SERVICE,
    STATEFULSET,
    Change,
    changed,
    examined,
    said,
)

if TYPE_CHECKING:
    from pathlib import Path

FIELDS: Final[dict[str, tuple[str, Change, str]]] = {
    "a field misspelled": (
        POD,
        ("image:", "imgae:"),
        "error a.yaml:13:7 a container has no field imgae; did you mean image?",
    ),
    "a field in the wrong case": (
        POD,
        ("  containers:", "  restartpolicy: Never\n  containers:"),
        "error a.yaml:11:3 spec has no field restartpolicy; did you mean restartPolicy?",
    ),
    "a field of the Pod in a container": (
        POD,
        ("      image:", "      volumes: []\n      image:"),
        "error a.yaml:13:7 volumes belongs to spec, not to a container",
    ),
    "a field of a container in the Pod": (
        POD,
        ("  containers:", "  env: []\n  containers:"),
        "error a.yaml:11:3 env belongs to a container, not to spec",
    ),
    "a field of the Pods in their controller": (
        DEPLOYMENT,
        ("  replicas: 3", "  tolerations: []"),
        "error a.yaml:6:3 tolerations belongs to spec.template.spec, not to spec",
    ),
    "a field that nothing has": (
        DEPLOYMENT,
        ("  replicas: 3", "  zzz: 3"),
        "error a.yaml:6:3 spec has no field zzz",
    ),
    "a text for a number": (
        DEPLOYMENT,
        ("replicas: 3", "replicas: three"),
        "error a.yaml:6:3 replicas wants a whole number and has the text three",
    ),
    "a number for a text": (
        POD,
        ("    app: web", "    app: 1"),
        "error a.yaml:6:5 app wants a text and has the number 1",
    ),
    "a mapping for a list": (
        POD,
        (
            "      ports:\n        - name: http\n          containerPort",
            "      ports:\n        containerPort",
        ),
        "error a.yaml:14:7 ports wants a list (each item begins with a dash) and has a mapping",
    ),
    "a text for a list": (
        POD,
        ("      ports:", "      command: sleep 5\n      ports:"),
        "error a.yaml:14:7 command wants a list (each item begins with a dash) and has the text sleep 5",
    ),
    "a number that is too long": (
        DEPLOYMENT,
        ("replicas: 3", "replicas: 3000000000"),
        "error a.yaml:6:3 replicas wants a whole number of 32 bits and has the number 3000000000",
    ),
    "true for a port": (
        SERVICE,
        ("targetPort: 8080", "targetPort: true"),
        "error a.yaml:11:7 targetPort wants a text or a whole number and has true, "
        "which is no text and no number",
    ),
    "a required field left out": (
        POD,
        ("- name: web\n      image", "- image"),
        "error a.yaml:12:7 a container needs name",
    ),
    "a required field with nothing behind it": (
        DEPLOYMENT,
        ("image: kindlings/web:1.0", "image:"),
        "error a.yaml:20:11 a container needs image",
    ),
    "a dash with nothing behind it": (
        POD,
        ("          containerPort: 8080\n", "          containerPort: 8080\n        -\n"),
        "error a.yaml:17:10 an item of ports needs containerPort",
    ),
    "a word in the wrong case": (
        SERVICE,
        ("NodePort", "Nodeport"),
        "error a.yaml:6:3 type is Nodeport, which is none of ClusterIP, NodePort, LoadBalancer, ExternalName",
    ),
    "a word of a list": (
        STATEFULSET,
        ("[ReadWriteOnce]", "[ReadWrite]"),
        "error a.yaml:25:23 accessModes is ReadWrite, which is none of ReadWriteOnce, ReadOnlyMany, "
        "ReadWriteMany, ReadWriteOncePod",
    ),
    "a quantity of everyday life": (
        STATEFULSET,
        ("storage: 1Gi", "storage: 1 GB"),
        "error a.yaml:28:13 1 GB is no quantity",
    ),
    "a quantity that is a list": (
        STATEFULSET,
        ("storage: 1Gi", "storage: [1Gi]"),
        "error a.yaml:28:13 storage wants a quantity and has a list",
    ),
    "a secret that is not encoded": (
        READ,
        ("stringData:\n  token: sesame", "data:\n  token: open sesame"),
        "error a.yaml:23:3 token is not in base64",
    ),
    "no kind": (POD, ("kind: Pod\n", ""), "error a.yaml:1:1 object without a kind web has no kind"),
    "no apiVersion": (POD, ("apiVersion: v1\n", ""), "error a.yaml:1:1 Pod web has no apiVersion"),
    "a kind misspelled": (
        POD,
        ("kind: Pod", "kind: pod"),
        "error a.yaml:2:1 there is no kind pod; did you mean Pod?",
    ),
    "an apiVersion that was removed": (
        DEPLOYMENT,
        ("apps/v1", "extensions/v1beta1"),
        "error a.yaml:1:1 extensions/v1beta1 serves no Deployment since Kubernetes 1.16",
    ),
    "an apiVersion of another kind": (
        DEPLOYMENT,
        ("apps/v1", "v1"),
        "error a.yaml:1:1 a Deployment is served at apiVersion apps/v1, not at v1",
    ),
    "a kind of somebody else's": (
        POD,
        ("apiVersion: v1", "apiVersion: example.com/v1"),
        "warning a.yaml:1:1 example.com/v1 Pod is no kind of Kubernetes' own",
    ),
    "an alpha version": (
        POD,
        ("v1\nkind: Pod", "coordination.k8s.io/v1alpha2\nkind: LeaseCandidate"),
        "warning a.yaml:1:1 coordination.k8s.io/v1alpha2 LeaseCandidate is not served by default",
    ),
}
"""From what is wrong to a good manifest, the change that makes it so, and the first finding."""

NAMES: Final[dict[str, tuple[str, Change, str]]] = {
    "capitals in a name": (
        DEPLOYMENT,
        ("name: web\nspec", "name: myWeb\nspec"),
        "error a.yaml:4:3 myWeb is no name of a Deployment",
    ),
    "no name": (POD, ("  name: web\n  labels", "  labels"), "error a.yaml:3:1 Pod has no metadata.name"),
    "a dot in a Service's name": (
        SERVICE,
        ("name: web", "name: web.front"),
        "error a.yaml:4:3 web.front is no name of a Service",
    ),
    "an underscore in a container's name": (
        POD,
        ("- name: web\n      image", "- name: my_web\n      image"),
        "error a.yaml:12:7 my_web is no name of a container",
    ),
    "a space in a label": (
        POD,
        ("    app: web", "    app: my web"),
        "error a.yaml:6:5 my web is no value of a label: at most 63 letters, digits, hyphens, underscores "
        "and dots, no space",
    ),
    "a slash too many in a label's key": (
        POD,
        ("    app: web", "    a/b/c: web"),
        "error a.yaml:6:5 a/b/c is no key of a label",
    ),
    "a port's name that is too long": (
        DEPLOYMENT,
        ("name: http", "name: http-of-the-web-server"),
        "error a.yaml:23:15 http-of-the-web-server is no name of a container's port",
    ),
    "a field that a volume does not have": (
        POD,
        (
            "emptyDir: {}",
            "downwardAPI: {items: [{path: node,\n        fieldRef: {fieldPath: spec.nodeName}}]}",
        ),
        "error a.yaml:11:20 a volume of the downward API has no spec.nodeName",
    ),
    "a field that a projected volume does not have": (
        POD,
        (
            "emptyDir: {}",
            "projected: {sources: [{downwardAPI: {items: [{path: node,\n"
            "        fieldRef: {fieldPath: status.podIP}}]}}]}",
        ),
        "error a.yaml:11:20 a volume of the downward API has no status.podIP",
    ),
    "a port in quotes": (
        SERVICE,
        ("targetPort: 8080", 'targetPort: "8080"'),
        "error a.yaml:11:7 port 8080 is a number in quotes",
    ),
    "a key of data that is no file's name": (
        READ,
        ("  a.txt: a", "  a/b.txt: a"),
        "error a.yaml:16:3 a/b.txt is no key of a ConfigMap",
    ),
}
"""The same, for names."""


@pytest.mark.parametrize("case", FIELDS)
def test_fields(case: str, tmp_path: Path) -> None:
    """A field that the kind does not have, lacks, or has with another type or word is told with its line."""
    text, change, expected = FIELDS[case]
    assert said(examined(tmp_path, changed(text, change)))[:1] == [expected]


@pytest.mark.parametrize("case", NAMES)
def test_names(case: str, tmp_path: Path) -> None:
    """What is no name is told with its line."""
    text, change, expected = NAMES[case]
    assert said(examined(tmp_path, changed(text, change)))[:1] == [expected]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1 GB", "1Gi"),
        ("512MB", "512Mi"),
        ("1,5Gi", "1.5Gi"),
        ("2 cores", "2"),
        ("100 m", "100m"),
        ("64mib", "64Mi"),
    ],
)
def test_a_quantity_is_mended(tmp_path: Path, written: str, meant: str) -> None:
    """What is written in other ways is offered as Kubernetes writes it."""
    (one,) = examined(tmp_path, changed(STATEFULSET, ("storage: 1Gi", f"storage: {written}")), HEADLESS)
    assert one.mend.startswith(f"Write {meant}: ")
