"""How kindlings keeps things in a course folder: files whole at every moment, and nothing thrown away."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kindlings.desk.home import BROUGHT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.desk.home import Home

KEPT: Final = "kept"
"""The folder of what was put aside, in the course folder's state."""
IGNORED: Final = f"*\n!.gitignore\n!{BROUGHT}\n".encode()
"""Progress is one machine's; what was brought belongs to the files, and goes where they go."""
_MAX_BYTES: Final = 4 * 1024 * 1024


def put_aside(place: Home, path: Path) -> Path | None:
    """Move a file out of the way and return where it lies now, or None where there is none. Raises OSError.

    Whatever it is, a link or a pipe, it is not read.
    """
    if not os.path.lexists(path):
        return None
    prepare(place)
    folder = place.state / KEPT / path.parent.name
    folder.mkdir(parents=True, exist_ok=True)
    number = 1
    while os.path.lexists(folder / f"{path.name}.~{number}~"):
        number += 1
    return path.replace(folder / f"{path.name}.~{number}~")


def prepare(place: Home) -> None:
    """Make the folder of what kindlings keeps here, which git is to leave alone. Raises OSError."""
    place.state.mkdir(exist_ok=True)
    ignore = place.state / ".gitignore"
    if not ignore.exists():
        write(ignore, IGNORED)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let an OSError of the block name `path`: which disk is full, an error of writing does not tell."""
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        raise


def write(path: Path, data: bytes) -> None:
    """Put `data` into a file, which is whole at every moment. Raises OSError, which names it."""
    with naming(path):
        _write(path, data)


def _write(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load(path: Path) -> dict[str, Any] | None:
    """Return the JSON object that a file holds; None where there is none, or it holds anything else."""
    try:
        with path.open("rb") as stream:
            raw: object = json.loads(stream.read(_MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return raw if isinstance(raw, dict) else None
