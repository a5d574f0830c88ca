"""The way back: the cluster removed, and with it, when asked, everything else that kindlings made."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from kindlings import paths
from kindlings.cluster import engine as engines
from kindlings.cluster import nodes, state
from kindlings.errors import InfrastructureError

if TYPE_CHECKING:
    from kindlings.cluster.engine import Engine
    from kindlings.progress import Progress

_OURS: Final = "localhost/kindlings/"


def down(progress: Progress, *, name: str | None = None, everything: bool = False) -> None:
    """Remove the cluster, the one beside it in which things are broken, and what is remembered of both.

    A cluster that is not there is fine. `everything` also removes the node images, the caches, and what is
    remembered of the engine.
    """
    name = name or state.chosen_name()
    other = state.break_name(name)
    record, removed = _down(name, progress)
    progress.say(f"The cluster {name} is removed" if removed else f"There is no cluster {name}")
    _, removed = _down(other, progress)
    if removed:
        progress.say(f"The cluster {other} is removed")
    if everything:
        _remove_images(progress, record.image if record else "")
        _remove_cache(progress)


def _down(name: str, progress: Progress) -> tuple[state.Record | None, int]:
    """Remove the cluster `name`; return its record, and how many nodes it had."""
    with state.locked(name, progress):
        record = state.load(name)
        known = (
            [state.engine(record)] if record else filter(None, [engines.candidate(n) for n in engines.NAMES])
        )
        state.forget(name)
        removed = sum(remove(engine, name) for engine in known)
        state.clear(name)
        return record, removed


def remove(engine: Engine, name: str) -> int:
    """Remove the cluster's containers from `engine`, without kind; return how many there were."""
    try:
        found = nodes.find(engine, name)
    except InfrastructureError:
        return 0  # an engine that does not run has no cluster running
    nodes.remove(engine, found)
    return len(found)


def _remove_images(progress: Progress, used: str) -> None:
    """Remove the images that we made, and the one that the cluster was made of."""
    for engine in filter(None, [engines.candidate(name) for name in engines.NAMES]):
        listed = engine.run("images", "--format", "{{.Repository}}:{{.Tag}}", check=False)
        if listed.returncode != 0:
            continue
        images = {image for image in listed.stdout.split() if image.startswith(_OURS)} | ({used} - {""})
        for image in sorted(images):
            if engine.run("rmi", image, check=False).returncode == 0:
                progress.say(f"Removed the image {image}")


def _remove_cache(progress: Progress) -> None:
    folder = paths.cache()
    if not folder.is_dir():
        return
    # Go keeps its module cache read-only.
    for path in [folder, *(path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink())]:
        path.chmod(0o755)
    shutil.rmtree(folder)
    progress.say(f"Removed {folder}")
