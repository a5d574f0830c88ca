"""A build in stages that goes on where it was: each one's result is a folder named by the hash of its inputs.

A stage works in a folder beside that one, which gets its final name only when everything is in it. So a
folder that has the name is whole, whatever became of the process, and other inputs make another folder.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections import deque
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout

from kindlings import paths
from kindlings.errors import InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kindlings.progress import Progress, Step

_LAST_LINES: Final = 12
"""How many lines of a failed program's output an error keeps."""


@dataclass(frozen=True)
class Stage:
    """One stage: `make` fills the folder it is given and moves its bar; its inputs name the folder."""

    name: str
    title: str
    seconds: float
    """About how long it takes on two cores with empty caches: the total of its bar."""
    gigabytes: float
    """The room that it needs, caches included."""
    make: Callable[[Path, Step], None]
    inputs: tuple[str | Path, ...] = ()
    """Texts, and files or folders whose content counts."""
    needs: tuple[Stage, ...] = field(default=())

    @cached_property
    def key(self) -> str:
        """Return 12 hexadecimal digits that change with the stage's inputs and those of all that it needs."""
        return key(self.name, *self.inputs, *(stage.key for stage in self.needs))

    @property
    def folder(self) -> Path:
        """Return where the result is, or will be."""
        return paths.cache() / "build" / f"{self.name}-{self.key}"

    @property
    def done(self) -> bool:
        """Tell whether the result is there."""
        return self.folder.is_dir()


def key(*inputs: str | Path) -> str:
    """Return 12 hexadecimal digits for `inputs`: texts, and files or folders by their content and names."""
    digest = hashlib.sha256()
    for item in inputs:
        for part in _content(item):
            digest.update(len(part).to_bytes(8))
            digest.update(part)
    return digest.hexdigest()[:12]


def _content(item: str | Path) -> list[bytes]:
    if isinstance(item, str):
        return [item.encode()]
    if item.is_file():
        return [item.name.encode(), item.read_bytes()]
    parts = []
    for path in sorted(item.rglob("*")):
        if path.is_file():
            parts += [path.relative_to(item).as_posix().encode(), path.read_bytes()]
    return parts


def run(stages: Sequence[Stage], progress: Progress) -> None:
    """Make what is missing of `stages`, in their order.

    Raises InfrastructureError where the disk has no room for it or a stage fails; what was finished stays.
    """
    if all(stage.done for stage in stages):
        return
    root = paths.cache() / "build"
    _make_folder(root)
    with _only_one(root / "lock", progress):
        missing = [stage for stage in stages if not stage.done]
        require_room(root, sum(stage.gigabytes for stage in missing))
        for stage in missing:
            _run(stage, f"{stages.index(stage) + 1}/{len(stages)} {stage.title}", progress)


def _run(stage: Stage, title: str, progress: Progress) -> None:
    partial = stage.folder.with_name(f"{stage.folder.name}.partial")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True)
    with progress.step(title, stage.seconds) as step:
        try:
            stage.make(partial, step)
        except OSError as error:
            raise _system_trouble(stage.title, error) from error
        partial.rename(stage.folder)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InfrastructureError(
            f"The cache folder {folder} cannot be made: {error.strerror}.",
            "Name another one in KINDLINGS_CACHE_DIR.",
        ) from None


def _only_one(path: Path, progress: Progress) -> FileLock:
    """Return a lock that is held for as long as the build runs, with a word where another one holds it."""
    lock = FileLock(path, is_singleton=True)  # fetching Go is a build within the build
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress.say("Another kindlings is building; waiting for it to finish")
        return lock
    lock.release()
    return lock


def require_room(folder: Path, gigabytes: float) -> None:
    """Raise InfrastructureError unless the file system of `folder` has `gigabytes` (10^9 bytes) left."""
    free = shutil.disk_usage(folder).free / 1e9
    if free < gigabytes:
        raise InfrastructureError(
            f"The disk has no room for the build: it needs {gigabytes:.1f} GB in {folder}, {free:.1f} GB are "
            f"free, {gigabytes - free:.1f} GB are missing.",
            "Make room, or name a folder on another disk in KINDLINGS_CACHE_DIR, then run the command again: "
            "it goes on where it was.",
        )


def _system_trouble(title: str, error: OSError) -> InfrastructureError:
    what = error.strerror or str(error)
    where = f" ({error.filename})" if error.filename else ""
    return InfrastructureError(
        f"{title}: {what}{where}.", "Mend that, then run the command again: it goes on where it was."
    )


def follow(
    command: Sequence[str | Path],
    each: Callable[[str], None],
    *,
    purpose: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run `command`, giving each line of its output to `each`; `env` is added to our environment.

    Raises InfrastructureError, with its last words, where it fails. It never outlives us.
    """
    arguments = [str(part) for part in command]
    last: deque[str] = deque(maxlen=_LAST_LINES)
    try:
        process = subprocess.Popen(
            arguments,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise InfrastructureError(f"{purpose}: {arguments[0]} cannot be started: {error.strerror}.") from None
    with process:
        try:
            assert process.stdout is not None  # noqa: S101 - stdout=PIPE, for the type checker
            for line in process.stdout:
                if line.strip():
                    last.append(line.rstrip())
                    each(line.rstrip())
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        raise InfrastructureError(
            f"{purpose} failed; the last words of {Path(arguments[0]).name} were:\n  " + "\n  ".join(last),
            "Mend that, then run the command again: it goes on where it was.",
        )
