"""Asks the real API server whether it would take an object, without making it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kindlings.cluster import access
from kindlings.cluster.api import KINDS, Kind, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kindlings.cluster.api import Api
    from kindlings.manifests import Document


class DryRun:
    """A namespace like a lab's, but without its limits: whatever is refused there is refused anywhere."""

    def __init__(self, admin: Api) -> None:
        """Make the namespace, as the administrator."""
        self.admin = admin
        self.namespace = access.unique("preflight")
        access.create_namespace(admin, self.namespace, {}, drains=True)
        privileged = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}}
        admin.patch(KINDS["Namespace"].path(name=self.namespace), privileged)
        admin.delete(KINDS["ResourceQuota"].path(self.namespace, "kindlings"))
        self._served: dict[str, dict[str, tuple[str, bool]]] = {}

    def close(self) -> None:
        """Ask for the namespace's end."""
        access.delete_namespace(self.admin, self.namespace)

    def refusal(self, document: Document) -> str:
        """Return why the API server refuses the object, or an empty string where it would take it."""
        return self.refusal_of(document.data)

    def refusal_of(self, data: Mapping[str, Any]) -> str:
        """Return why the API server refuses the object `data`, or an empty string where it would take it."""
        version, kind = data.get("apiVersion"), data.get("kind")
        if not isinstance(version, str) or not isinstance(kind, str):
            return "an object without apiVersion and kind"
        resource, namespaced = self._kinds(version).get(kind, ("", False))
        if not resource:
            return f"no matches for kind {kind} in version {version}"
        path = Kind(kind, resource, version).path(self.namespace if namespaced else None)
        # The range of node ports is not looked at in a dry run: only who takes one is told.
        query = {} if self._asks_for_a_node_port(data) else {"dryRun": "All"}
        try:
            made = self.admin.create(path, data, fieldValidation="Strict", fieldManager="kindlings", **query)
        except Refusal as refusal:
            return refusal.message
        if not query:
            self.admin.delete(f"{path}/{made['metadata']['name']}")
        return ""

    @staticmethod
    def _asks_for_a_node_port(data: Mapping[str, Any]) -> bool:
        spec = data.get("spec")
        ports = spec.get("ports") if isinstance(spec, dict) and data.get("kind") == "Service" else None
        found = ports if isinstance(ports, list) else []
        return any(isinstance(one, dict) and one.get("nodePort") for one in found)

    def _kinds(self, version: str) -> dict[str, tuple[str, bool]]:
        """Return the kinds that are served at an apiVersion: resource, and whether it is namespaced."""
        if version not in self._served:
            root = f"/apis/{version}" if "/" in version else f"/api/{version}"
            try:
                found = self.admin.get(root).get("resources") or []
            except Refusal:
                found = []
            self._served[version] = {
                one["kind"]: (one["name"], bool(one["namespaced"])) for one in found if "/" not in one["name"]
            }
        return self._served[version]
