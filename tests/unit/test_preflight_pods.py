"""What preflight says of Pods and of what makes them: one object, wrong in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.unit.preflight_cases import (
    DEPLOYMENT,
    POD,
    READ,
    READER,
    STATEFULSET,
    Change,
    changed,
    examined,
    said,
)

if TYPE_CHECKING:
    from pathlib import Path

PODS: Final[dict[str, tuple[str, Change, str]]] = {
    "a mount without a volume": (
        POD,
        ("        - name: data", "        - name: date"),
        "error a.yaml:21:11 there is no volume date; the Pod (a.yaml:7) has data (a.yaml:9)",
    ),
    "a mount of a claim that nobody makes": (
        STATEFULSET,
        (STATEFULSET[STATEFULSET.index("  volumeClaimTemplates:") :], ""),
        "error a.yaml:19:15 there is no volume data; the Pod (a.yaml:14) has none, "
        "and spec (a.yaml:5) has no volumeClaimTemplates",
    ),
    "a volume that nobody mounts": (
        POD,
        ("      volumeMounts:\n        - name: data\n          mountPath: /data\n", ""),
        "warning a.yaml:9:7 no container mounts the volume data; the Pod has web (a.yaml:12)",
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
        "warning a.yaml:19:11 the readinessProbe asks port 80, and the container lists http 8080 (a.yaml:15)",
    ),
    "a probe of a port of another name": (
        POD,
        ("port: http", "port: htpp"),
        "warning a.yaml:19:11 the readinessProbe asks port htpp, "
        "and the container lists http 8080 (a.yaml:15)",
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
    "an init container's policy misspelled": (
        POD,
        ("  containers:", "  initContainers: [{name: a, image: b, restartPolicy: Alwyas}]\n  containers:"),
        "error a.yaml:11:40 restartPolicy is Alwyas, which is none of Always, OnFailure, Never",
    ),
    "a probe of a container without ports": (
        POD,
        ("      ports:\n        - name: http\n          containerPort: 8080\n", ""),
        "warning a.yaml:16:11 the readinessProbe asks port http, and the container lists no port (a.yaml:12)",
    ),
    "memory in thousandths": (
        POD,
        ("      ports:", "      resources: {limits: {memory: 512m}}\n      ports:"),
        "warning a.yaml:14:28 memory 512m is less than a megabyte",
    ),
    "a claim template without a spec": (
        STATEFULSET,
        (
            "      spec:\n        accessModes: [ReadWriteOnce]\n        resources:\n          requests:\n"
            "            storage: 1Gi\n",
            "",
        ),
        "warning a.yaml:22:7 the claim template has no spec",
    ),
    "storage without a unit": (
        STATEFULSET,
        ("storage: 1Gi", "storage: 1"),
        "warning a.yaml:28:13 storage 1 is less than a megabyte",
    ),
    "a taint misspelled": (
        POD,
        ("  containers:", "  tolerations: [{key: noed-role.kubernetes.io/control-plane}]\n  containers:"),
        "warning a.yaml:11:18 Kubernetes has no taint noed-role.kubernetes.io/control-plane; "
        "did you mean node-role.kubernetes.io/control-plane?",
    ),
}
"""The same, for Pods and what makes them."""


@pytest.mark.parametrize("case", PODS)
def test_pods_and_what_makes_them(case: str, tmp_path: Path) -> None:
    """What cannot work within one object is told with both of its lines."""
    text, change, expected = PODS[case]
    found = said(
        examined(tmp_path, changed(text, change), READ if text is READER else "kind: List\nitems: []")
    )
    assert found[:1] == [expected]
