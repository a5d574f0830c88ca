"""What a StatefulSet's Pods wait for, and where a container's script stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kindlings import objects

if TYPE_CHECKING:
    from kindlings.explain.sources import Sources
    from kindlings.manifests import Document, FieldPath
    from kindlings.waiting import Unmet


def waits_for(verdict: Unmet) -> str:
    """Say which Pod a StatefulSet does not make yet, and for which it waits; or nothing."""
    owner = verdict.target.owner(verdict.snapshot)
    if owner is None or owner.get("kind") != "StatefulSet":
        return ""
    if owner["spec"].get("podManagementPolicy") == "Parallel":
        return ""
    name = objects.name(owner)
    pods = {objects.name(one): one for one in objects.owned_by(verdict.snapshot, "Pod", owner)}
    for ordinal in range(1, owner["spec"].get("replicas", 1)):
        before, missing = f"{name}-{ordinal - 1}", f"{name}-{ordinal}"
        asked = verdict.target.plural or verdict.target.title == f"Pod {missing}"
        if asked and before in pods and missing not in pods and not objects.is_ready(pods[before]):
            return f"{missing} is not made until {before} is ready"
    return ""


def script(document: Document, container: str, sources: Sources) -> str:
    """Say which key of which ConfigMap a container runs as its script, and where it stands; or nothing."""
    path = sources.container(document, container)
    found: dict[str, Any] = document.get(*path) or {}
    words = [str(word) for word in [*(found.get("command") or []), *(found.get("args") or [])]]
    for mount in found.get("volumeMounts") or []:
        for other in sources.documents:
            if other.kind != "ConfigMap" or other.name != _config_map(document, mount.get("name"), sources):
                continue
            for key in other.get("data") or {}:
                if f"{str(mount.get('mountPath')).rstrip('/')}/{key}" in words:
                    return f"it runs {key} of ConfigMap {other.name} ({other.at('data', key)})"
    return ""


def _config_map(document: Document, volume: object, sources: Sources) -> str:
    root: FieldPath = (*sources.pod_root(document), "spec", "volumes")
    for one in document.get(*root) or []:
        if isinstance(one, dict) and one.get("name") == volume:
            return str((one.get("configMap") or {}).get("name"))
    return ""
