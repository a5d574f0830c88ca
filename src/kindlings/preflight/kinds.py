"""Whether the cluster's version serves an object's kind at its apiVersion, and what came in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kindlings.preflight import schemas
from kindlings.preflight.findings import HERE, Finding, about, near, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.manifests import Document

_APPS: Final = ("Deployment", "DaemonSet", "ReplicaSet", "StatefulSet")
_RBAC: Final = ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
_WEBHOOKS: Final = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
_STORAGE: Final = ("StorageClass", "CSIDriver", "CSINode", "VolumeAttachment")

REMOVED: Final[dict[tuple[str, str], str]] = {
    **{("extensions/v1beta1", kind): "1.16" for kind in (*_APPS[:3], "NetworkPolicy", "PodSecurityPolicy")},
    **{(f"apps/{old}", kind): "1.16" for old in ("v1beta1", "v1beta2") for kind in _APPS},
    **{(f"{group}/v1beta1", "Ingress"): "1.22" for group in ("extensions", "networking.k8s.io")},
    ("networking.k8s.io/v1beta1", "IngressClass"): "1.22",
    **{
        (f"rbac.authorization.k8s.io/{old}", kind): "1.22"
        for old in ("v1alpha1", "v1beta1")
        for kind in _RBAC
    },
    **{("admissionregistration.k8s.io/v1beta1", kind): "1.22" for kind in _WEBHOOKS},
    **{("storage.k8s.io/v1beta1", kind): "1.22" for kind in _STORAGE},
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"): "1.22",
    ("apiregistration.k8s.io/v1beta1", "APIService"): "1.22",
    ("certificates.k8s.io/v1beta1", "CertificateSigningRequest"): "1.22",
    ("coordination.k8s.io/v1beta1", "Lease"): "1.22",
    ("scheduling.k8s.io/v1beta1", "PriorityClass"): "1.22",
    ("batch/v2alpha1", "CronJob"): "1.21",
    ("batch/v1beta1", "CronJob"): "1.25",
    ("discovery.k8s.io/v1beta1", "EndpointSlice"): "1.25",
    ("events.k8s.io/v1beta1", "Event"): "1.25",
    ("node.k8s.io/v1beta1", "RuntimeClass"): "1.25",
    ("policy/v1beta1", "PodDisruptionBudget"): "1.25",
    ("policy/v1beta1", "PodSecurityPolicy"): "1.25",
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler"): "1.25",
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler"): "1.26",
}
"""Since which Kubernetes version an apiVersion of a kind is served no more.

Source: https://kubernetes.io/docs/reference/using-api/deprecation-guide/
"""


_KNOWN_WELL: Final = {
    "v1": (
        *("Pod", "Service", "ConfigMap", "Secret", "PersistentVolumeClaim", "PersistentVolume"),
        *(
            "Namespace",
            "ServiceAccount",
            "ReplicationController",
            "PodTemplate",
            "ResourceQuota",
            "LimitRange",
        ),
    ),
    "apps/v1": _APPS,
    "batch/v1": ("Job", "CronJob"),
    "autoscaling/v2": ("HorizontalPodAutoscaler",),
    "networking.k8s.io/v1": ("Ingress", "IngressClass", "NetworkPolicy"),
    "rbac.authorization.k8s.io/v1": _RBAC,
    "discovery.k8s.io/v1": ("EndpointSlice",),
    "storage.k8s.io/v1": ("StorageClass",),
    "scheduling.k8s.io/v1": ("PriorityClass",),
    "policy/v1": ("PodDisruptionBudget",),
}


def is_known_well(document: Document) -> bool:
    """Tell whether what the API server demands of the kind has been compared with a real one.

    tests/cluster/test_preflight.py does it. Of other kinds the schema says what is required, and that is not
    always what the server demands.
    """
    return document.kind in _KNOWN_WELL.get(str(document.get("apiVersion")), ())


def check(document: Document) -> Iterator[Finding]:
    """Yield why the cluster serves no such kind at that apiVersion, if it does not."""
    for field in ("apiVersion", "kind"):
        value = document.get(field)
        if not isinstance(value, str) or not value:
            has = "no" if value is None or value == "" else "no text as its"
            yield Finding(
                "error",
                f"{document.title}{HERE} has {has} {field}",
                document.at(field),
                "Without it nobody can tell what the object is, and the API server refuses it.",
                "Begin the object with apiVersion and kind, for example v1 and Pod.",
                "no-kind",
                about(document),
            )
            return
    api_version, kind = str(document.get("apiVersion")), document.kind
    if schemas.of(api_version, kind):
        yield from _switched_off(document, api_version)
    elif _is_foreign(api_version):
        yield _foreign(document, api_version)
    else:
        yield _not_served(document, api_version, kind)


def _is_foreign(api_version: str) -> bool:
    """Tell whether only a CustomResourceDefinition could serve the group: its name needs a dot."""
    group = api_version.rpartition("/")[0]
    own = {version.rpartition("/")[0] for version, _ in (*schemas.kinds(), *REMOVED)}
    return "." in group and group.lower() not in own


def _foreign(document: Document, api_version: str) -> Finding:
    return Finding(
        "warning",
        f"{shown(api_version)} {shown(document.kind)}{HERE} is no kind of Kubernetes' own",
        document.at("apiVersion"),
        "Only a cluster with its CustomResourceDefinition takes it, and nothing of it has been checked here.",
        "Look for a misspelling, if a kind of Kubernetes' own is meant.",
        "foreign-kind",
        about(document),
    )


def _switched_off(document: Document, api_version: str) -> Iterator[Finding]:
    number = api_version.rpartition("/")[2]
    if "alpha" in number or "beta" in number:
        yield Finding(
            "warning",
            f"{shown(api_version)} {document.kind}{HERE} is not served by default",
            document.at("apiVersion"),
            "Alpha and beta versions are off in a cluster unless they were switched on when it was made.",
            "Use a version without alpha and beta where there is one.",
            "unserved-version",
            about(document),
        )


def _not_served(document: Document, api_version: str, kind: str) -> Finding:
    version, field, mend = schemas.version(), "apiVersion", ""
    served = [served for served, known in schemas.kinds() if known == kind]
    best = min(served, key=_stability, default="")
    if (since := REMOVED.get((api_version, kind))) is not None:
        what = f"{api_version}{HERE} serves no {kind} since Kubernetes {since}"
        mend = f"Write apiVersion: {best}." if best else f"There is no {kind} any more: take it away."
    elif best:
        what = f"a {kind} is served at apiVersion {best}, not at {shown(api_version)}{HERE}"
        mend = f"Write apiVersion: {best}."
    else:
        field = "kind"
        meant = near(kind, sorted({known for _, known in schemas.kinds()}))
        what = f"there is no kind {shown(kind)}{HERE}" + (f"; did you mean {meant}?" if meant else "")
        mend = f"Write kind: {meant}." if meant else "See `kindlings kubectl api-resources` for the kinds."
    why = f"Kubernetes {version} refuses an object that it does not serve."
    return Finding("error", what, document.at(field), why, mend, "unserved-kind", about(document))


def _stability(api_version: str) -> tuple[bool, bool, str]:
    """Order general versions before beta and alpha ones, and the core group before others."""
    number = api_version.rpartition("/")[2]
    return "alpha" in number or "beta" in number, "/" in api_version, api_version
