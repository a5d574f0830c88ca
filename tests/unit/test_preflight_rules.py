"""Each check of preflight: a manifest that is wrong in one place, and the finding that tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.unit.preflight_cases import (
    DEPLOYMENT,
    HEADLESS,
    POD,
    READ,
    READER,
    SERVICE,
    STATEFULSET,
    changed,
    examined,
    said,
)

if TYPE_CHECKING:
    from pathlib import Path

Change = tuple[str, str]

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

PODS: Final[dict[str, tuple[str, Change, str]]] = {
    "a mount without a volume": (
        POD,
        ("        - name: data", "        - name: date"),
        "error a.yaml:21:11 there is no volume date; the Pod has data (a.yaml:9)",
    ),
    "a volume that nobody mounts": (
        POD,
        ("      volumeMounts:\n        - name: data\n          mountPath: /data\n", ""),
        "warning a.yaml:9:7 no container mounts the volume data",
    ),
    "a volume without a source": (
        POD,
        ("      emptyDir: {}", "      emptyDir:"),
        "warning a.yaml:9:7 volume data does not say what it is",
    ),
    "a volume that is two things": (
        POD,
        ("      emptyDir: {}", "      emptyDir: {}\n      hostPath: {path: /srv}"),
        "error a.yaml:9:7 volume data is emptyDir and hostPath at once",
    ),
    "two containers of one name": (
        POD,
        ("      volumeMounts:", "    - name: web\n      image: busybox:1.37\n      volumeMounts:"),
        "error a.yaml:20:7 two containers are called web, the first at a.yaml:12",
    ),
    "one path for two volumes": (
        POD,
        (
            "          mountPath: /data",
            "          mountPath: /data\n        - {name: data, mountPath: /data}",
        ),
        "error a.yaml:23:24 mountPath /data stands twice, first at a.yaml:22",
    ),
    "a variable twice": (
        READER,
        ("        - name: TOKEN", "        - {name: TOKEN, value: x}\n        - name: TOKEN"),
        "warning a.yaml:21:11 TOKEN stands twice in env, first at a.yaml:20",
    ),
    "a field that the downward API does not have": (
        READER,
        (
            "secretKeyRef:\n              name: keys\n              key: token",
            "fieldRef: {fieldPath: spec.node}",
        ),
        "error a.yaml:22:24 spec.node names no value: the downward API offers no such field of a Pod",
    ),
    "a request above its limit": (
        POD,
        ("      ports:", "      resources: {requests: {cpu: 2}, limits: {cpu: 1500m}}\n      ports:"),
        "error a.yaml:14:30 the request of 2 cpu is more than its limit of 1500m (a.yaml:14)",
    ),
    "a resource of another name": (
        POD,
        ("      ports:", "      resources: {limits: {ram: 1Gi}}\n      ports:"),
        "error a.yaml:14:28 ram is no resource of a container",
    ),
    "a probe of another port": (
        POD,
        ("port: http", "port: 80"),
        "warning a.yaml:19:11 the readinessProbe asks port 80, and the container lists http 8080",
    ),
    "a probe of a port of another name": (
        POD,
        ("port: http", "port: htpp"),
        "warning a.yaml:19:11 the readinessProbe asks port htpp, and the container lists http 8080",
    ),
    "a probe that asks nothing": (
        POD,
        ("        httpGet:\n          port: http\n", "        periodSeconds: 1\n"),
        "error a.yaml:17:7 readinessProbe does not say what to ask",
    ),
    "a port beyond the last": (
        DEPLOYMENT,
        ("containerPort: 8080", "containerPort: 80800"),
        "error a.yaml:24:15 containerPort 80800 is no port",
    ),
    "a restartPolicy that is a Job's": (
        DEPLOYMENT,
        ("    spec:\n", "    spec:\n      restartPolicy: Never\n"),
        "error a.yaml:19:7 restartPolicy Never does not go with a Deployment",
    ),
    "a Job without a restartPolicy": (
        POD,
        (
            POD[:-1],
            "apiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec:\n  template:\n    spec:\n"
            "      containers: [{name: one, image: x}]",
        ),
        "error a.yaml:6:5 the Pods of Job once have restartPolicy Always, which is the default",
    ),
    "a selector that does not find the template": (
        DEPLOYMENT,
        ("    matchLabels:\n      app: web", "    matchLabels:\n      app: wbe"),
        "error a.yaml:13:7 the selector asks for app=wbe, the Pod template carries app=web (a.yaml:17)",
    ),
    "a selector of no label": (
        DEPLOYMENT,
        ("  selector:\n    matchLabels:\n      app: web", "  selector: {}"),
        "error a.yaml:11:3 the selector asks for no label",
    ),
    "a rule that does not hold for the template": (
        DEPLOYMENT,
        ("    matchLabels:\n      app: web", "    matchExpressions: [{key: tier, operator: Exists}]"),
        "error a.yaml:12:24 the selector's rule for tier does not hold for the Pod template: "
        "it carries no tier (a.yaml:15)",
    ),
    "a rollout that cannot begin": (
        DEPLOYMENT,
        ("maxSurge: 1", "maxSurge: 0"),
        "error a.yaml:10:7 maxUnavailable and maxSurge (a.yaml:9) are both 0",
    ),
    "Recreate with numbers": (
        DEPLOYMENT,
        ("    rollingUpdate:", "    type: Recreate\n    rollingUpdate:"),
        "error a.yaml:9:5 rollingUpdate does not go with the strategy Recreate",
    ),
    "a share that is none": (
        DEPLOYMENT,
        ("maxSurge: 1", "maxSurge: half"),
        "error a.yaml:9:7 maxSurge is half",
    ),
    "a number below zero": (
        DEPLOYMENT,
        ("replicas: 3", "replicas: -3"),
        "error a.yaml:6:3 replicas -3 is below zero",
    ),
    "a claim of no size": (
        STATEFULSET,
        ("          requests:\n            storage: 1Gi", "          limits: {storage: 1Gi}"),
        "error a.yaml:26:9 the claim does not say how much storage it wants",
    ),
}
"""The same, for Pods and what makes them."""

SERVICES: Final[dict[str, tuple[tuple[str, ...], Change, str]]] = {
    "a node port beyond its range": (
        (SERVICE, DEPLOYMENT),
        ("32000", "9090"),
        "error a.yaml:12:7 nodePort 9090 is not among 30000-32767",
    ),
    "a node port without its type": (
        (SERVICE, DEPLOYMENT),
        ("  type: NodePort\n", ""),
        "error a.yaml:11:7 nodePort 32000 does not go with type ClusterIP, which is the default",
    ),
    "no ports": (
        (SERVICE, DEPLOYMENT),
        ("  ports:\n    - port: 80\n      targetPort: 8080\n      nodePort: 32000\n", ""),
        "error a.yaml:5:1 Service web has no ports",
    ),
    "two ports without names": (
        (SERVICE, DEPLOYMENT),
        ("    - port: 80\n", "    - port: 81\n      targetPort: http\n    - port: 80\n      name: web\n"),
        "error a.yaml:10:7 port 81 has no name",
    ),
    "an external name that is a URL": (
        (HEADLESS,),
        ("  clusterIP: None", "  type: ExternalName\n  externalName: http://example.com"),
        "error a.yaml:7:3 http://example.com is no name of a host",
    ),
    "a target port that nobody lists": (
        (SERVICE, DEPLOYMENT),
        ("targetPort: 8080", "targetPort: 80"),
        "warning a.yaml:11:7 targetPort is 80, and its Pods list http 8080 (b.yaml:24)",
    ),
    "a target port left out": (
        (SERVICE, DEPLOYMENT),
        ("      targetPort: 8080\n", ""),
        "warning a.yaml:10:7 port is 80 and no targetPort says otherwise, "
        "and its Pods list http 8080 (b.yaml:24)",
    ),
    "a target port of another name": (
        (SERVICE, DEPLOYMENT),
        ("targetPort: 8080", "targetPort: web"),
        "warning a.yaml:11:7 targetPort is web, and its Pods list http 8080 (b.yaml:24)",
    ),
    "a selector with matchLabels": (
        (SERVICE, DEPLOYMENT),
        ("    app: web", "    matchLabels:\n      app: web"),
        "error a.yaml:8:5 matchLabels wants a text and has a mapping",
    ),
    "a node port twice": (
        (SERVICE, DEPLOYMENT, changed(SERVICE, ("name: web", "name: other"))),
        ("", ""),
        "warning c.yaml:12:7 nodePort 32000 is asked for by Service web (a.yaml:12), too",
    ),
    "a serviceName without its Service": (
        (STATEFULSET, HEADLESS),
        ("serviceName: peers", "serviceName: pears"),
        "warning a.yaml:6:3 serviceName is pears, and the files have the Service peers (b.yaml:4)",
    ),
    "a serviceName of a Service with an address": (
        (STATEFULSET, changed(HEADLESS, ("  clusterIP: None", "  ports: [{port: 80}]"))),
        ("", ""),
        "warning a.yaml:6:3 serviceName is peers, and that Service is not headless (b.yaml:5)",
    ),
    "no serviceName": (
        (STATEFULSET, HEADLESS),
        ("  serviceName: peers\n", ""),
        "warning a.yaml:5:1 StatefulSet peers has no serviceName, and the headless Service peers "
        "(b.yaml:4) is for its Pods",
    ),
    "a claim of another name": (
        (READER, READ),
        ("claimName: pile", "claimName: file"),
        "warning a.yaml:9:9 the files have no PersistentVolumeClaim file; they have pile (b.yaml:4)",
    ),
    "a key that the ConfigMap lacks": (
        (READER, READ),
        ("key: a.txt", "key: b.txt"),
        "warning a.yaml:14:13 ConfigMap files has no key b.txt; it has a.txt (b.yaml:16)",
    ),
    "a key that the Secret lacks": (
        (READER, READ),
        ("key: token", "key: tokens"),
        "warning a.yaml:24:15 Secret keys has no key tokens; it has token (b.yaml:23)",
    ),
    "an object twice": (
        (POD, POD),
        ("", ""),
        "warning b.yaml:4:3 Pod web stands twice, first at a.yaml:4",
    ),
}
"""The same, for objects that speak of each other: the first of them is changed."""


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


@pytest.mark.parametrize("case", PODS)
def test_pods_and_what_makes_them(case: str, tmp_path: Path) -> None:
    """What cannot work within one object is told with both of its lines."""
    text, change, expected = PODS[case]
    found = said(
        examined(tmp_path, changed(text, change), READ if text is READER else "kind: List\nitems: []")
    )
    assert found[:1] == [expected]


@pytest.mark.parametrize("case", SERVICES)
def test_objects_that_speak_of_each_other(case: str, tmp_path: Path) -> None:
    """What one object asks for and another does not have is told with the lines of both."""
    (first, *others), change, expected = SERVICES[case]
    assert said(examined(tmp_path, changed(first, change), *others)) == [expected]


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


def test_a_finding_says_why_and_how_and_where(tmp_path: Path) -> None:
    """Every finding has all its parts, and its place also stands in the line for a learner's message."""
    (one,) = examined(tmp_path, changed(SERVICE, ("app: web", "app: wbe")), DEPLOYMENT)
    assert one.why == "A Service without Pods answers no request."
    assert one.mend == "Make the Service's selector and the labels of the Pods of Deployment web alike."
    assert one.rule == "service-selector"
    assert one.objects == {("Service", "web"), ("Deployment", "web")}
    assert one.because == (
        "the Service selects app=wbe (a.yaml:8), and no Pod of the files carries that: "
        "the Pods of Deployment web carry app=web (b.yaml:17)"
    )
