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


def course_images() -> tuple[str, ...]:
    """Return the course's images as learners write them: busybox:1.36, kindlings/web:1.0 and so on."""
    pinned = VERSIONS["images"]
    return tuple(f"{name}:{tag}" for name in ("busybox", "kindlings/web", "redis") for tag in pinned[name])
