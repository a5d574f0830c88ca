"""The pinned versions of versions.toml."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any, Final

VERSIONS: Final[dict[str, Any]] = tomllib.loads(
    resources.files("kindlings").joinpath("versions.toml").read_text(encoding="utf-8")
)


def minor(version: str) -> str:
    """Return the minor of a version: "1.36" for "1.36.4", with or without a leading v."""
    return ".".join(version.removeprefix("v").split(".")[:2])
