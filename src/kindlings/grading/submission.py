"""What is taken from a submission: the files that labs name, as plain files, and nothing else of it.

No link is followed, no pipe or device opened, no Git repository asked: whoever hands in may have made them.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kindlings import course
from kindlings.errors import InfrastructureError, UsageError
from kindlings.files import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_PLACES: Final = ("exercises", "")
"""Where a module's folder may be in a submission."""
_SUFFIXES: Final = (".yaml", ".yml", ".sh")
_ABSENT: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG})
_REFUSED: Final = frozenset({errno.ELOOP, errno.EACCES, errno.EPERM, errno.ENXIO, errno.ENODEV})


@dataclass(frozen=True)
class Submission:
    """The files of a submission by "module2/replicaset.yaml", and why others were not taken."""

    files: Mapping[str, bytes]
    """Each at most MAX_BYTES and one byte long: the lab says that it is too much."""
    refused: Mapping[str, str]
    """By the same names, what is the matter: "a link, and links are not followed"."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Return a sentence for each file that was not taken."""
        return tuple(f"{name} was not taken: it is {why}." for name, why in sorted(self.refused.items()))

    def content(self, *graded_by: str) -> str:
        """Return a hash of the files and of what they are `graded_by`."""
        digest = hashlib.sha256()
        for part in graded_by:
            digest.update(f"{part}\0".encode())
        for name, data in sorted(self.files.items()):
            digest.update(f"{name}\0{len(data)}\0".encode() + data)
        return digest.hexdigest()

    def copy_to(self, folder: Path, modules: Sequence[str]) -> None:
        """Write the files below `folder`, an empty one of ours, with a folder for each of `modules`."""
        for module in modules:
            (folder / module).mkdir()
        for name, data in self.files.items():
            (folder / name).write_bytes(data)


def modules(wanted: Sequence[str] = ()) -> list[str]:
    """Return the modules of the installed course, or those `wanted`. Raises UsageError."""
    known = sorted(path.name for path in course.exercises().glob("module*") if path.is_dir())
    unknown = [one for one in wanted if one not in known]
    if unknown:
        raise UsageError(f"There is no {', '.join(unknown)} in this course.", f"It has {', '.join(known)}.")
    return [one for one in known if one in wanted] if wanted else known


def names(module: str) -> list[str]:
    """Return the names of the files that a learner hands in for the module, by the installed course."""
    folders = (course.exercises() / module, course.solutions() / module)
    return sorted({path.name for folder in folders for path in folder.glob("*") if path.suffix in _SUFFIXES})


def lessons(chosen: Sequence[str]) -> str:
    """Return a hash of the tests of the modules: with other tests, the same files are graded anew."""
    digest = hashlib.sha256()
    for module in chosen:
        for path in sorted((course.exercises() / module).glob("*.py")):
            digest.update(f"{module}/{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def read(folder: Path, chosen: Sequence[str]) -> Submission:
    """Read what `folder` holds for the modules.

    A module's files are in exercises/moduleN or moduleN, or where only one module is graded in the folder
    itself. Raises UsageError where there is no such folder, InfrastructureError where the disk fails.
    """
    files: dict[str, bytes] = {}
    refused: dict[str, str] = {}
    with _open_given(folder) as top:
        for module in chosen:
            with _module(top, module, alone=len(chosen) == 1, refused=refused) as where:
                for name in names(module) if where is not None else ():
                    _take(where, f"{module}/{name}", files, refused)
    return Submission(files, refused)


@contextmanager
def _open_given(folder: Path) -> Iterator[int]:
    """Open the folder that the instructor named, which may be a link: it is not the learner's word."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise UsageError(f"{folder} is no folder that can be read: {error.strerror}.") from None
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def _module(top: int, module: str, *, alone: bool, refused: dict[str, str]) -> Iterator[int | None]:
    """Open the folder of the module, None where there is none."""
    opened: list[int] = []
    try:
        found: int | None = None
        for place in _PLACES:
            found = top
            for part in filter(None, (place, module)):
                found = _folder(found, part, f"{module}/", refused)
                if found is None:
                    break
                opened.append(found)
            if found is not None:
                break
        yield found if found is not None else top if alone else None
    finally:
        for handle in opened:
            os.close(handle)


def _folder(parent: int, name: str, called: str, refused: dict[str, str]) -> int | None:
    try:
        return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    except OSError as error:
        if _is_link(parent, name):
            refused[called] = "behind a link, and links are not followed"
        elif error.errno not in _ABSENT | _REFUSED:
            raise _unreadable(name, error) from None
    return None


def _take(where: int | None, called: str, files: dict[str, bytes], refused: dict[str, str]) -> None:
    name = called.rpartition("/")[2]
    try:
        # Without O_NONBLOCK a pipe would be waited for until somebody writes into it.
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=where)
    except OSError as error:
        if where is not None and _is_link(where, name):
            refused[called] = "a link, and links are not followed"
        elif error.errno in _REFUSED:
            refused[called] = f"not to be opened ({error.strerror})"
        elif error.errno not in _ABSENT:
            raise _unreadable(called, error) from None
        return
    try:
        kind = os.fstat(handle).st_mode
        if not stat.S_ISREG(kind):
            refused[called] = "a folder" if stat.S_ISDIR(kind) else "a pipe, a socket or a device"
            return
        files[called] = _read(handle)
    except OSError as error:
        raise _unreadable(called, error) from None
    finally:
        os.close(handle)


def _read(handle: int) -> bytes:
    """Return the file's bytes, one more than a lab takes at most."""
    data = b""
    while len(data) <= MAX_BYTES and (more := os.read(handle, MAX_BYTES + 1 - len(data))):
        data += more
    return data


def _is_link(parent: int, name: str) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _unreadable(name: str, error: OSError) -> InfrastructureError:
    return InfrastructureError(f"{name} of a submission cannot be read: {error.strerror}.", "Mend the disk.")


def student(folder: Path) -> str:
    """Return the name of whoever handed in `folder`: what it is called, made plain."""
    return plain(folder.resolve().name)


def plain(name: str) -> str:
    """Return a student's name that can be a file's."""
    return re.sub(r"[^\w.@+-]+", "_", name).strip("._")[:100] or "submission"
