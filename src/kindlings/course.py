"""Where the course lies: beside a checkout's src folder, or inside the installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def root() -> Path:
    """Return the folder that holds exercises, solutions, images and node-image."""
    return _PACKAGE / "_course" if is_packed() else _PACKAGE.parents[1]


def is_packed() -> bool:
    """Tell whether the course came inside an installed wheel, and not as a checkout of its repository."""
    return (_PACKAGE / "_course").is_dir()


def exercises() -> Path:
    """Return the folder of the modules as a learner gets them."""
    return root() / "exercises"


def solutions() -> Path:
    """Return the folder of the solved manifests."""
    return root() / "solutions"
