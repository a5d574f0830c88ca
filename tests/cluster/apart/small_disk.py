"""A disk that is soon full, or that nothing can be written to."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event
from typing import TYPE_CHECKING

from tests.cluster.apart.debian_packages import require_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    """Mount a file system of its own at `folder`, with the mount `options` of a tmpfs."""
    require_root()
    folder.mkdir()
    subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["/bin/umount", folder], check=True)


@contextmanager
def filled_by(ballast: Path) -> Iterator[Callable[[], object]]:
    """Give what takes every free block of a disk, and until the end those that come free meanwhile."""
    over = Event()
    try:
        with ballast.open("ab", buffering=0) as stream, ThreadPoolExecutor(1) as keeper:

            def fill() -> None:
                with suppress(OSError):
                    while stream.write(bytes(1 << 16)):
                        pass

            def keep_full() -> None:
                while not over.wait(0.01):
                    fill()

            def begin() -> None:
                fill()
                keeper.submit(keep_full)

            try:
                yield begin
            finally:
                over.set()
    finally:
        ballast.unlink(missing_ok=True)
