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
    tolerates: frozenset[str] = field(default=TROUBLES, kw_only=True)

    def describe(self, target: Target) -> str:
        return f"{target.title} to have {self.what} {self.wanted}"

    def check(self, scene: Scene) -> Verdict:
        for pod in scene.alive or scene.objects:
            found = [self.read(one, pod["spec"]) for one in objects.containers(pod)]
            if any(value is not None and self.same(value, self.wanted) for value in found):
                return Met([pod])
            there = ", ".join(value for value in found if value is not None)
            without = f"{objects.title(pod)} without {self.what.removesuffix(' =')}"
            return Impossible(f"{self.what} {there}" if there else without)
        return NotYet(what_is_there(scene))


def env(name: str, value: str) -> Condition:
    """Whether a container of the Pod has the environment variable `name` with that value."""

    def read(container: dict[str, Any], _spec: dict[str, Any]) -> str | None:
        for variable in container.get("env") or []:
            if variable.get("name") == name:
                return str(variable.get("value", ""))
        return None

    return _Declared(f"the environment variable {name} =", value, read, ("env",))


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

    return _Declared(f"mounted at {path} the PersistentVolumeClaim", claim, read, ("volumeMounts",))


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
