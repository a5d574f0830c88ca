"""Which labels or annotations the learner wrote, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kindlings.explain import commands

if TYPE_CHECKING:
    from kindlings.explain.sources import Sources
    from kindlings.manifests import Document, FieldPath
    from kindlings.waiting import Unmet

READ: Final = {
    "labels": "https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/",
    "annotations": "https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/",
}


def because(verdict: Unmet, document: Document, sources: Sources) -> str:
    """Say what stands in the metadata that the condition is about, if it is about any."""
    group = getattr(verdict.condition, "metadata", "")
    if not group:
        return ""
    root = sources.pod_root(document) if verdict.target.kind == "Pod" else ()
    found = f"{_called(root)}{group} {_stand(document, (*root, 'metadata', group))}"
    other = "annotations" if group == "labels" else "labels"
    misplaced = _wanted(verdict) & set(document.get(*root, "metadata", other) or {})
    for key in sorted(misplaced):
        return f"{key} stands among the {other} ({document.at(*root, 'metadata', other, key)}); {found}"
    if other_root := (() if root else sources.pod_root(document)):
        for key in sorted(_wanted(verdict) & set(document.get(*other_root, "metadata", group) or {})):
            where = document.at(*other_root, "metadata", group, key)
            return f"{key} stands in {_called(other_root)}{group} ({where}); {found}"
    ran = sources.commands
    if group != "annotations" or not ran:
        return found
    if all(one.words[:1] != ("annotate",) for one in ran):
        return f"{found}; {ran[-1].place} is the last line that was run, and none was kubectl annotate"
    return f"it is so {commands.ran(sources)}"


def _called(root: FieldPath) -> str:
    return "the Pod template's " if root else "the object's own "


def _wanted(verdict: Unmet) -> set[str]:
    wanted: tuple[tuple[str, Any], ...] = getattr(verdict.condition, "wanted", ())
    return {key for key, _ in wanted} or {"kubernetes.io/change-cause"}


def _stand(document: Document, path: FieldPath) -> str:
    found = document.get(*path)
    if not isinstance(found, dict) or not found:
        return f"are not given ({document.at(*path)})"
    entries = [f"{key}={value} (line {document.at(*path, key).line})" for key, value in found.items()]
    return f"({document.at(*path)}): {', '.join(entries)}"


def adoption(verdict: Unmet, sources: Sources) -> str:
    """Say which labels a Pod carries that a controller should take over, and what that one asks for."""
    uid = getattr(verdict.condition, "uid", "")
    pod = verdict.snapshot.with_uid("Pod", uid) if uid else None
    owner = verdict.target.owner(verdict.snapshot)
    bare = sources.of(pod, verdict.snapshot) if pod is not None else None
    taker = sources.of(owner, verdict.snapshot) if owner is not None else None
    if bare is None or taker is None or bare is taker:
        return ""
    selector = taker.at("spec", "selector", "matchLabels")
    carries = f"the Pod's own labels {_stand(bare, ('metadata', 'labels'))}"
    return f"{carries}; what {taker.title} looks for stands at {selector}"
