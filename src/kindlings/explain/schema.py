"""The names of fields, as the official client's models know them: for "did you mean" and "belongs to"."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kindlings.manifests import FieldPath


def _model(name: str) -> Any:
    from kubernetes import client  # noqa: PLC0415 - takes 0.7 s, and only a refusal needs it

    return getattr(client, name, None)


def _types(model: Any) -> dict[str, str]:
    """Return the model's fields as YAML writes them, each with its type as the client writes it."""
    if model is None or not hasattr(model, "attribute_map"):
        return {}
    return {model.attribute_map[name]: type_ for name, type_ in model.openapi_types.items()}


def _inner(type_: str) -> str:
    """Return V1Container for List[V1Container] or list[V1Container], V1PodSpec for Optional[V1PodSpec]."""
    return type_.rsplit("[", 1)[-1].rstrip("]").rsplit(", ", 1)[-1]


def _models(kind: str, path: FieldPath) -> list[tuple[FieldPath, Any]]:
    """Return the models from the object's root down to the one that holds the last field of `path`."""
    model = _model(f"V1{kind}")
    found: list[tuple[FieldPath, Any]] = [((), model)]
    for index, part in enumerate(path[:-1]):
        if isinstance(part, str):
            model = _model(_inner(_types(model).get(part, "")))
        found.append((path[: index + 1], model))
    return found


def did_you_mean(kind: str, path: FieldPath) -> str:
    """Return the known field beside `path` that is spelled most like it, or an empty string."""
    names = list(_types(_models(kind, path)[-1][1]))
    word = str(path[-1])
    folded = {name.lower(): name for name in names}
    if word.lower() in folded:
        return folded[word.lower()]
    return next(iter(difflib.get_close_matches(word, names, n=1, cutoff=0.6)), "")


def belongs_to(kind: str, path: FieldPath) -> FieldPath | None:
    """Return the nearest ancestor that has a field of that name, or None."""
    ancestor: FieldPath
    for ancestor, model in reversed(_models(kind, path)[:-1]):
        if str(path[-1]) in _types(model):
            return ancestor
    return None


def is_of_container(kind: str, path: FieldPath) -> bool:
    """Tell whether the field stands in a Pod's spec and is one of its containers' instead."""
    holder = _types(_models(kind, path)[-1][1])
    container = _model(_inner(holder.get("containers", "")))
    return str(path[-1]) in _types(container)


def is_of_template(kind: str, path: FieldPath) -> bool:
    """Tell whether the field stands in a controller's spec and belongs to the spec of its Pods."""
    pods = _model("V1PodSpec") if "template" in _types(_models(kind, path)[-1][1]) else None
    return str(path[-1]) in _types(pods)
