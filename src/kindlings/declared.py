"""Conditions on what the API server accepted: a Pod's environment, limits and mounts, defaults filled in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kindlings import objects
from kindlings.conditions import TROUBLES, Basic, Impossible, Met, NotYet, what_is_there

if TYPE_CHECKING:
    from collections.abc import Callable

    from kindlings.conditions import Condition, Scene, Target, Verdict


@dataclass(frozen=True)
class _Declared(Basic):
    """Whether `read` finds `wanted` in the only or the named container; what a Pod says never changes."""

    what: str
    wanted: str
    read: Callable[[dict[str, Any], dict[str, Any]], str | None]
    where: tuple[str, ...]
    """Where in a container the learner writes it."""
    same: Callable[[str, str], bool] = str.__eq__
    instead: Callable[[dict[str, Any], dict[str, Any]], str] | None = None
    """Says which volumes a container mounts instead, where it is about them."""
    name: str = field(default="", kw_only=True)
    """That of the environment variable, where it is about one."""
    mounted_at: str = ""
    """The path of the container that it is about, where it is about a volume."""
    tolerates: frozenset[str] = field(default=TROUBLES, kw_only=True)

    def describe(self, target: Target) -> str:
        return f"{target.title} to have {self.what} {self.wanted}"

    def check(self, scene: Scene) -> Verdict:
        for pod in scene.alive or scene.objects:
            found = [self.read(one, pod["spec"]) for one in objects.containers(pod)]
            if any(value is not None and self.same(value, self.wanted) for value in found):
                return Met([pod])
            there = ", ".join(value for value in found if value is not None)
            # Which of a controller's Pods came first is chance: their template is the same.
            whose = scene.target.title if scene.target.plural else objects.title(pod)
            without = f"{whose} without {self.what.removesuffix(' =').removesuffix(' from the field')}"
            if self.instead:
                others = [self.instead(one, pod["spec"]) for one in objects.containers(pod)]
                without = f"{whose} with {', '.join(filter(None, others)) or 'no volume mounted'}"
            return Impossible(f"{self.what} {there}" if there else without)
        return NotYet(what_is_there(scene))


def env(name: str, value: str) -> Condition:
    """Whether a container of the Pod has the environment variable `name` with that value."""

    def read(container: dict[str, Any], _spec: dict[str, Any]) -> str | None:
        for variable in container.get("env") or []:
            if variable.get("name") == name:
                return str(variable.get("value", ""))
        return None

    return _Declared(f"the environment variable {name} =", value, read, ("env",), name=name)


def env_from_field(name: str, field_path: str) -> Condition:
    """Whether a container of the Pod has the environment variable `name` from the Pod's own field."""

    def read(container: dict[str, Any], _spec: dict[str, Any]) -> str | None:
        for variable in container.get("env") or []:
            if variable.get("name") == name:
                reference = (variable.get("valueFrom") or {}).get("fieldRef") or {}
                return str(reference.get("fieldPath", variable.get("value", "")))
        return None

    return _Declared(f"the environment variable {name} from the field", field_path, read, ("env",), name=name)


def memory_limit(limit: str) -> Condition:
    """Whether a container of the Pod has this memory limit, however it is written (1Gi, 1024Mi)."""

    def read(container: dict[str, Any], _spec: dict[str, Any]) -> str | None:
        found = ((container.get("resources") or {}).get("limits") or {}).get("memory")
        return None if found is None else str(found)

    return _Declared(
        "the memory limit",
        limit,
        read,
        ("resources", "limits", "memory"),
        lambda found, wanted: objects.quantity(found) == objects.quantity(wanted),
    )


def mounts(path: str, *, claim: str) -> Condition:
    """Whether a container of the Pod mounts the PersistentVolumeClaim `claim` at `path`."""

    def read(container: dict[str, Any], spec: dict[str, Any]) -> str | None:
        mounted = [one["name"] for one in container.get("volumeMounts") or [] if one.get("mountPath") == path]
        claims = [
            (volume.get("persistentVolumeClaim") or {}).get("claimName")
            for volume in spec.get("volumes") or []
            if volume["name"] in mounted
        ]
        return str(claims[0]) if claims and claims[0] else None

    what = f"mounted at {path} the PersistentVolumeClaim"
    return _Declared(what, claim, read, ("volumeMounts",), instead=_mounted, mounted_at=path)


def mounts_from_node(path: str, *, folder: str) -> Condition:
    """Whether a container of the Pod mounts `folder` of its node (hostPath) at `path`."""

    def read(container: dict[str, Any], spec: dict[str, Any]) -> str | None:
        mounted = [one["name"] for one in container.get("volumeMounts") or [] if one.get("mountPath") == path]
        folders = [
            (volume.get("hostPath") or {}).get("path")
            for volume in spec.get("volumes") or []
            if volume["name"] in mounted
        ]
        return str(folders[0]) if folders and folders[0] else None

    what = f"mounted at {path} its node's folder"
    return _Declared(what, folder, read, ("volumeMounts",), instead=_mounted, mounted_at=path)


def _mounted(container: dict[str, Any], spec: dict[str, Any]) -> str:
    """Say which volumes of its Pod a container mounts, and where."""
    volumes = {one["name"]: _volume(one) for one in spec.get("volumes") or []}
    mounts = [(one.get("name"), one.get("mountPath")) for one in container.get("volumeMounts") or []]
    return ", ".join(f"{volumes[name]} at {path}" for name, path in mounts if name in volumes)


def _volume(volume: dict[str, Any]) -> str:
    if "persistentVolumeClaim" in volume:
        return f"the PersistentVolumeClaim {volume['persistentVolumeClaim'].get('claimName')}"
    if "hostPath" in volume:
        return f"the node's folder {volume['hostPath'].get('path')}"
    source = next((key for key in volume if key != "name"), "volume")
    return f"the {source} {volume['name']}"


@dataclass(frozen=True)
class _NativeSidecar(Basic):
    name: str
    where = ("initContainers",)

    def describe(self, target: Target) -> str:
        return f"{target.title} with the native sidecar {self.name}, running"

    def check(self, scene: Scene) -> Verdict:
        for pod in scene.alive:
            sidecars = [one["name"] for one in objects.sidecars(pod)]
            if self.name not in sidecars:
                ordinary = self.name in [one["name"] for one in pod["spec"]["containers"]]
                return Impossible(
                    f"{self.name} among the ordinary containers" if ordinary else f"no sidecar {self.name}"
                )
            if any(one["name"] == self.name and one.get("started") for one in objects.statuses(pod)):
                return Met([pod])
        return NotYet(what_is_there(scene))


def native_sidecar(name: str) -> Condition:
    """Whether `name` is an init container that is restarted always, and it has started."""
    return _NativeSidecar(name)
