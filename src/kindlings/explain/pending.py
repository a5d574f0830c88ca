"""Why a Pod does not start: no node takes it, a claim has no volume, or what it refers to is missing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kindlings import objects
from kindlings.explain.sources import parse_path
from kindlings.symptoms import NO_CLAIM, NO_MEMORY, NO_SANDBOX

if TYPE_CHECKING:
    from kindlings.explain.sources import Sources
    from kindlings.manifests import Document, FieldPath
    from kindlings.recorder import Snapshot
    from kindlings.symptoms import Symptom

READ: Final = {
    "claim": "https://kubernetes.io/docs/concepts/storage/persistent-volumes/",
    "resources": "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
    "nodes": "https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/",
    "config": "https://kubernetes.io/docs/concepts/configuration/configmap/",
}
_CLAIMS: Final = ("spec", "volumeClaimTemplates")
_NO_OBJECT: Final = re.compile(r'(configmap|secret) "([^"]+)" not found')
_NO_KEY: Final = re.compile(r"couldn't find key (\S+) in (ConfigMap|Secret) \S+/(\S+)")
_REFUSED: Final = re.compile(r"\b(spec(?:\.\w+|\[\d+\])+): ")
_CLAIM: Final = re.compile(r"[Cc]laim \"?([\w.-]+)")
_SHORT_OF: Final = re.compile(r"Insufficient (cpu|memory|ephemeral-storage|pods)")


def because(symptom: Symptom, document: Document, sources: Sources, snapshot: Snapshot) -> tuple[str, str]:
    """Say what is missing, which line asks for it, and where to read on."""
    message = symptom.message
    if match := NO_CLAIM.search(message):
        return _no_claim(match[1], document, sources, snapshot), READ["claim"]
    if match := _NO_OBJECT.search(message):
        kind, field = {"configmap": ("ConfigMap", "configMap"), "secret": ("Secret", "secret")}[match[1]]
        where = _line_with(document, field, match[2])
        same = [one for one in sources.documents if one.kind == kind]
        there = ", ".join(f"{one.name} ({one.at('metadata', 'name')})" for one in same)
        has = f"; there is {there}" if there else ""
        return f"there is no {kind} {match[2]} ({where}){has}", READ["config"]
    if match := _NO_KEY.search(message):
        return f"{match[2]} {match[3]} has no key {match[1]} ({_line_with(document, 'key', match[1])})", READ[
            "config"
        ]
    if symptom.reason == NO_SANDBOX or (symptom.reason == "FailedMount" and NO_MEMORY.search(message)):
        return too_little(document, sources), READ["resources"]
    if match := _SHORT_OF.search(message):
        return _too_much(match[1], document, sources), READ["resources"]
    if "unbound" in message and "PersistentVolumeClaim" in message:
        return "its PersistentVolumeClaim has no volume yet", READ["claim"]
    if symptom.reason == "ProvisioningFailed":
        asks = _claim_spec(document, objects.name(symptom.object))
        asks += ("accessModes", 0) if "ReadWriteOnce" in message else ("storageClassName",)
        why = f"no volume could be made for {objects.title(symptom.object)} ({document.at(*asks)})"
        return f"{why}: {message}", READ["claim"]
    if "didn't match Pod's node affinity/selector" in message:
        place = document.at(*sources.pod_root(document), "spec", "nodeSelector")
        return f"no node has the labels that the Pod asks for ({place})", READ["nodes"]
    return message, READ["nodes"]


def _no_claim(claim: str, document: Document, sources: Sources, snapshot: Snapshot) -> str:
    places = {
        one.name: f" ({one.at('metadata', 'name')})"
        for one in sources.documents
        if one.kind == "PersistentVolumeClaim"
    }
    found = [objects.name(one) for one in snapshot.all("PersistentVolumeClaim")]
    there = [f"{name}{places.get(name, '')}" for name in found]
    has = f"there is {', '.join(there)}" if there else "the lab's namespace has none"
    return f"there is no PersistentVolumeClaim {claim} ({_line_with(document, 'claimName', claim)}); {has}"


def _line_with(document: Document, field: str, value: str) -> str:
    """Return the place of the first `value` at or below a field whose name begins with `field`."""
    for path, found in document.walk():
        if found == value and any(str(part).startswith(field) for part in path):
            return str(document.at(*path))
    return str(document.at("spec"))


def too_little(document: Document, sources: Sources) -> str:
    """Say within which memory limit nothing can be started."""
    spec = (*sources.pod_root(document), "spec", "containers")
    for index, _ in enumerate(document.get(*spec) or []):
        path = (*spec, index, "resources", "limits", "memory")
        if document.get(*path) is not None:
            limit, place = str(document.get(*path)), document.at(*path)
            of = f"{limit} ({place})"
            if limit.isdecimal():
                of = f"{limit} bytes ({place}): write a unit, as in 512Mi or 1Gi"
            return f"nothing can be started within a memory limit of {of}"
    return "nothing can be started within the Pod's memory limit"


def unmounted(name: str, sources: Sources, snapshot: Snapshot) -> str:
    """Say that no Pod mounts the claim `name`, which then waits for one; or nothing."""
    if any(name in objects.claims_of(pod) for pod in snapshot.all("Pod")):
        return ""
    volumes = []
    for one in sources.documents:
        path = (*sources.pod_root(one), "spec", "volumes")
        for index, _ in enumerate(one.get(*path) or []):
            volumes.append(f"{one.at(*path, index)}")
    has = f"; the volumes are at {', '.join(volumes)}" if volumes else ""
    return f"no Pod has PersistentVolumeClaim {name} among its volumes, so it waits for one{has}"


def refused(symptom: Symptom, document: Document, sources: Sources) -> str:
    """Say which line makes the API server refuse a controller's Pods, or the claims for them."""
    found = _REFUSED.search(symptom.message)
    root = sources.pod_root(document)
    if claim := _CLAIM.search(symptom.message):
        root = _claim_spec(document, claim[1])[:-1]
    path = (*root, *(parse_path(found[1]) if found else ("spec",)))
    what = "the claims for its Pods" if claim else "its Pods"
    return f"{what} are refused ({document.at(*path)}): {symptom.message}"


def _claim_spec(document: Document, claim: str) -> FieldPath:
    """Return where the claim's spec stands: in a document of its own, or in a StatefulSet's template."""
    if document.kind == "PersistentVolumeClaim":
        return ("spec",)
    templates = document.get(*_CLAIMS) or []
    for index, one in enumerate(templates):
        name = (one.get("metadata") or {}).get("name") if isinstance(one, dict) else None
        if name and claim.startswith(f"{name}-{document.name}-"):
            return (*_CLAIMS, index, "spec")
    return (*_CLAIMS, 0, "spec")


def _too_much(resource: str, document: Document, sources: Sources) -> str:
    spec = (*sources.pod_root(document), "spec")
    for index, _ in enumerate(document.get(*spec, "containers") or []):
        for group in ("requests", "limits"):
            path = (*spec, "containers", index, "resources", group, resource)
            asked = document.get(*path)
            if asked is not None:
                return f"no node has {asked} of {resource} free ({document.at(*path)})"
    return f"no node has enough {resource} free"
