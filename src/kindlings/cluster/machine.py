"""Whether this machine has room for a cluster, and what the nodes need of it."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kindlings.errors import InfrastructureError

if TYPE_CHECKING:
    from kindlings.cluster.engine import Engine
    from kindlings.progress import Progress

GIB: Final = 1 << 30
LEAST_MEMORY: Final = 2 * GIB
"""Bytes; three nodes at rest use 1.2 GiB."""
GOOD_MEMORY: Final = 3 * GIB
LEAST_DISK: Final = 4 * GIB
WHERE_MEMORY: Final = (
    "Close other programs, or give the engine's virtual machine more memory in its settings."
)


MODULES: Final = Path("/lib/modules")
"""kind mounts it into its nodes; podman, unlike Docker, does not make what it is to mount."""

WATCHERS: Final = Path("/proc/sys/fs/inotify/max_user_instances")
LEAST_WATCHERS: Final = 512
"""What kind recommends (https://kind.sigs.k8s.io/docs/user/known-issues/); 128, the usual limit, is used up
by three nodes and a few logs that are followed.
"""


def prepare(progress: Progress) -> None:
    """Give the nodes what they need of this machine, saying so; only as root, and only what is missing."""
    if platform.system() != "Linux" or os.geteuid() != 0:
        return
    with contextlib.suppress(OSError):  # a read-only system may still have room enough
        if not MODULES.exists():
            progress.say(f"Making the empty folder {MODULES}, which the nodes mount")
            MODULES.mkdir(parents=True)
        number = int(WATCHERS.read_text(encoding="ascii"))
        if number < LEAST_WATCHERS:
            progress.say(f"Raising fs.inotify.max_user_instances from {number} to {LEAST_WATCHERS}")
            WATCHERS.write_text(str(LEAST_WATCHERS), encoding="ascii")


def memory(engine: Engine) -> int | None:
    """Return the bytes of memory that containers could take, or None where that cannot be told.

    Docker Desktop's and Podman's own virtual machine counts where there is one: its whole memory.
    """
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        asked = "{{.MemTotal}}" if engine.name == "docker" else "{{.Host.MemTotal}}"
        answer = engine.run("info", "--format", asked, check=False)
        return int(answer.stdout) if answer.stdout.strip().isdigit() else None
    available = re.search(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)
    return int(available[1]) * 1024 if available else None


def disk(engine: Engine) -> tuple[Path, int] | None:
    """Return where the engine keeps its containers and the free bytes there; None where it is not here."""
    asked = "{{.DockerRootDir}}" if engine.name == "docker" else "{{.Store.GraphRoot}}"
    root = Path(engine.run("info", "--format", asked, check=False).stdout.strip() or "/nowhere")
    while root != root.parent and not root.exists():
        root = root.parent
    return (root, shutil.disk_usage(root).free) if root != root.parent else None


def check(engine: Engine, progress: Progress) -> None:
    """Say what is scarce; raises InfrastructureError where a cluster would certainly fail."""
    free = memory(engine)
    if free is not None and free < LEAST_MEMORY:
        raise InfrastructureError(
            f"Only {free / GIB:.1f} GiB of memory are free; the cluster needs {LEAST_MEMORY / GIB:.0f} GiB.",
            WHERE_MEMORY,
        )
    if free is not None and free < GOOD_MEMORY:
        progress.say(
            f"Memory is scarce: {free / GIB:.1f} GiB available, {GOOD_MEMORY / GIB:.0f} GiB are good"
        )
    space = disk(engine)
    if space is not None and space[1] < LEAST_DISK:
        raise InfrastructureError(
            f"Only {space[1] / GIB:.1f} GiB are free on the disk of {space[0]}; "
            f"the cluster needs {LEAST_DISK / GIB:.0f} GiB.",
            f"Make room, for example with `{engine.name} system prune`, then try again.",
        )
