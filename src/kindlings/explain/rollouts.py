"""Why a rollout did not go as it should: its strategy, its deadline, a pause that nobody ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kindlings.explain import commands

if TYPE_CHECKING:
    from kindlings.explain.sources import Sources
    from kindlings.manifests import Document, FieldPath
    from kindlings.waiting import Unmet

READ: Final = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy"
_STRATEGY: Final = ("spec", "strategy")
_ROLLING: Final = (*_STRATEGY, "rollingUpdate")
_FEWER: Final = "a ready Pod may be taken away before the new one is ready"
_MORE: Final = "so many Pods may come on top of replicas"


def because(verdict: Unmet, document: Document, sources: Sources) -> str:
    """Say which field of the Deployment, or which command, let happen what happened; else nothing."""
    if document.kind != "Deployment":
        return ""
    about = getattr(verdict.condition, "about", "")
    if about in {"unavailable", "surge"} and verdict.proved and "gone through" not in verdict.saw:
        return _numbers(document, about)
    if about == "mixed" and verdict.proved:
        return _type(document)
    if about == "revisions" and sources.commands and _too_many(verdict):
        return f"each change of the Pod template was rolled out by itself {commands.ran(sources)}"
    if verdict.saw.endswith("is paused"):
        return _pause(document, sources)
    return ""


def _too_many(verdict: Unmet) -> bool:
    return verdict.saw.count("revision ") > getattr(verdict.condition, "count", 0)


def _numbers(document: Document, about: str) -> str:
    kind = document.get(*_STRATEGY, "type")
    if kind == "Recreate":
        return (
            f"strategy type Recreate ({document.at(*_STRATEGY, 'type')}) ends all old Pods before a new one"
        )
    name, means = ("maxUnavailable", _FEWER) if about == "unavailable" else ("maxSurge", _MORE)
    return f"{_stands(document, (*_ROLLING, name), '25%')}: {means}"


def _type(document: Document) -> str:
    stands = _stands(document, (*_STRATEGY, "type"), "RollingUpdate")
    return f"{stands}: it starts new Pods while old ones work; Recreate ends the old ones first"


def _stands(document: Document, path: FieldPath, default: str) -> str:
    value, name = document.get(*path), ".".join(str(part) for part in path[1:])
    if value is None:
        holder = document.at(*path[:-1])
        return f"{name} is not given ({holder}), and the default is {default}"
    return f"{name} is {value} ({document.at(*path)})"


def _pause(document: Document, sources: Sources) -> str:
    if document.get("spec", "paused"):
        place = document.at("spec", "paused")
        return f"paused is true ({place}): no Pod is made or replaced until it is resumed"
    for one in reversed(sources.commands):
        if one.words[:2] == ("rollout", "pause"):
            return f"{one.place} pauses it, and no kubectl rollout resume follows"
    return ""
