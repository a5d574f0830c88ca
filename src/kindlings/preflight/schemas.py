"""The schemas of Kubernetes' own kinds, out of the package kubernetes-validate.

Its data is used and its code is not: validate() wants jsonschema, whose import takes longer than all of
preflight may (0.3 s against 0.03 s for reading the one file below), it reads that file anew for each object,
and tells of one mistake only. What is left of JSON Schema in these files is eight keywords, which fields.py
reads itself: type, properties, items, additionalProperties, required, oneOf, format and $ref.
"""

from __future__ import annotations

import importlib.util
import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from kindlings.errors import InfrastructureError
from kindlings.versions import VERSIONS, minor

Schema = dict[str, Any]

_FOLDER: Final = re.compile(r"v(\d+)\.(\d+)\.0-local-strict")


@cache
def version() -> str:
    """Return the Kubernetes version whose schemas are used: the cluster's, or the newest before it."""
    wanted = _numbers(minor(VERSIONS["kubernetes"]["pulled"]))
    found = [(int(match[1]), int(match[2])) for one in _root().iterdir() if (match := _match(one))]
    older = [one for one in found if one <= wanted]
    if not older:
        raise InfrastructureError(
            "kubernetes-validate has no schemas of a Kubernetes version that the course knows.",
            "Install it anew: pip install --force-reinstall kubernetes-validate",
        )
    return "{}.{}".format(*max(older))


def _match(folder: Path) -> re.Match[str] | None:
    return _FOLDER.fullmatch(folder.name)


def _numbers(written: str) -> tuple[int, int]:
    major, _, small = written.partition(".")
    return int(major), int(small)


def _root() -> Path:
    # find_spec does not run the package, which would import jsonschema.
    spec = importlib.util.find_spec("kubernetes_validate")
    places = spec.submodule_search_locations if spec else None
    root = Path(next(iter(places))) / "kubernetes-json-schema" if places else None
    if root is None or not root.is_dir():
        raise InfrastructureError(
            "The package kubernetes-validate is not installed, or has no schemas.",
            "Install it: pip install kubernetes-validate",
        )
    return root


def definitions() -> dict[str, Schema]:
    """Return every definition by its full name (io.k8s.api.core.v1.PodSpec)."""
    return of_version(version())


def known_versions() -> list[str]:
    """Return the versions of which there are schemas: "1.25", "1.26" and so on."""
    found = sorted((int(match[1]), int(match[2])) for one in _root().iterdir() if (match := _match(one)))
    return [f"{major}.{small}" for major, small in found]


@cache
def of_version(wanted: str) -> dict[str, Schema]:
    """Return the definitions of one of the known versions."""
    path = _root() / f"v{wanted}.0-local-strict" / "_definitions.json"
    try:
        with path.open(encoding="utf-8") as stream:
            found: dict[str, Schema] = json.load(stream)["$defs"]
    except (OSError, ValueError, KeyError) as error:
        raise InfrastructureError(
            f"The schemas of Kubernetes {wanted} cannot be read: {error}",
            "Install them anew: pip install --force-reinstall kubernetes-validate",
        ) from None
    return found


def kinds() -> dict[tuple[str, str], str]:
    """Return the name of each kind's definition by apiVersion and kind: ("apps/v1", "Deployment")."""
    return kinds_of(version())


@cache
def kinds_of(wanted: str) -> dict[tuple[str, str], str]:
    """Return the same for one of the known versions."""
    found = {}
    for name, schema in of_version(wanted).items():
        marks = schema.get("x-kubernetes-group-version-kind") or []
        if len(marks) == 1:  # DeleteOptions and its like are of every group, and no objects
            group, number, kind = (marks[0][key] for key in ("group", "version", "kind"))
            found[f"{group}/{number}" if group else number, kind] = name
    return found


def of(api_version: str, kind: str) -> str:
    """Return the name of the kind's definition, or an empty string where Kubernetes has no such kind."""
    return kinds().get((api_version, kind), "")


def resolve(schema: Schema) -> tuple[str, Schema]:
    """Follow a $ref; returns the name of the definition, empty where there is no $ref, and the schema."""
    reference = schema.get("$ref")
    if reference is None:
        return "", schema
    name = str(reference).rpartition("/")[2]
    return name, definitions().get(name, {})


def short(name: str) -> str:
    """Return PodSpec for io.k8s.api.core.v1.PodSpec."""
    return name.rsplit(".", 1)[-1]


def holders(name: str, path: tuple[str | int, ...]) -> list[tuple[tuple[str | int, ...], Schema]]:
    """Return the schemas from the root definition `name` down to the one that holds the last part of `path`.

    Each comes with its path; one that no schema describes is empty.
    """
    schema = definitions().get(name, {})
    found: list[tuple[tuple[str | int, ...], Schema]] = [((), schema)]
    for index, part in enumerate(path[:-1]):
        if isinstance(part, int):
            _, schema = resolve(schema.get("items") or {})
        else:
            inner = (schema.get("properties") or {}).get(part) or schema.get("additionalProperties") or {}
            _, schema = resolve(inner if isinstance(inner, dict) else {})
        found.append((path[: index + 1], schema))
    return found
