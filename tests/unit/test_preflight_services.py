"""What preflight says of objects that speak of each other: Services, claims, keys, names."""

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
    Change,
    changed,
    examined,
    said,
)

if TYPE_CHECKING:
    from pathlib import Path

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
    "a claim that is only read": (
        (READER, changed(READ, ("[ReadWriteOnce]", "[ReadOnlyMany]"))),
        ("", ""),
        "warning b.yaml:6:17 the claim asks for ReadOnlyMany, and pile is mounted for writing (a.yaml:26)",
    ),
    "a claim template that is only read": (
        (STATEFULSET, HEADLESS),
        ("[ReadWriteOnce]", "[ReadOnlyMany]"),
        "warning a.yaml:25:23 the claim asks for ReadOnlyMany, and data is mounted for writing (a.yaml:19)",
    ),
    "a Service without a selector": (
        (SERVICE, DEPLOYMENT),
        ("  selector:\n    app: web\n", ""),
        "warning a.yaml:5:1 Service web selects no Pods: its spec has no selector",
    ),
    "a Service with nothing in its selector": (
        (SERVICE, DEPLOYMENT),
        ("  selector:\n    app: web\n", "  selector:\n"),
        "warning a.yaml:7:3 Service web selects no Pods: its spec has no selector",
    ),
}
"""The same, for objects that speak of each other: the first of them is changed."""


@pytest.mark.parametrize("case", SERVICES)
def test_objects_that_speak_of_each_other(case: str, tmp_path: Path) -> None:
    """What one object asks for and another does not have is told with the lines of both."""
    (first, *others), change, expected = SERVICES[case]
    assert said(examined(tmp_path, changed(first, change), *others)) == [expected]


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
