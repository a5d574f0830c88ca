"""Makes a course folder from the installed package, and brings a later version into one.

`.kindlings/course.json` remembers what was brought, so that what the learner has edited is known as such:

    {"format": 1, "version": "0.1.0", "files": {"exercises/module1/sidecar.yaml": SHA-256, ...}}
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kindlings import course
from kindlings.desk import home, storage
from kindlings.desk.home import Home
from kindlings.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT: Final = 1
NEW: Final = ".new"
"""What a file of the new version is called that lies beside one that the learner has edited."""
_TESTS: Final = "module*/test_*.py"
_FRESH: Final = Path(__file__).parent / "fresh"
_OWN: Final = {"README.md": "README.md", "pytest.ini": "pytest.ini", "gitignore": ".gitignore"}
_ALLOWED: Final = frozenset({".git"})
"""What may be in a folder that counts as empty: a course is often begun in a fresh clone."""


@dataclass
class Changes:
    """What an upgrade did, by the files' paths in the course folder."""

    before: str
    """The version that the folder was of; empty where nothing told."""
    after: str
    updated: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    back: list[str] = field(default_factory=list)
    """Had been brought before, and were not there any more."""
    kept: list[str] = field(default_factory=list)
    """Edited by the learner, and the course has not changed them."""
    beside: list[str] = field(default_factory=list)
    """Edited by the learner, and changed by the course: what is new lies beside as FILE.new."""
    removed: list[str] = field(default_factory=list)


def version() -> str:
    """Return the installed version."""
    from importlib import metadata  # noqa: PLC0415 - it brings the email parser along

    return metadata.version("kindlings")


def files() -> dict[str, bytes]:
    """Return what a fresh course folder holds, by paths in it."""
    source = course.exercises()
    paths = sorted(path for path in source.glob("module*/**/*") if path.is_file())
    found = {path.relative_to(source): path.read_bytes() for path in paths}
    lessons = {
        f"{home.EXERCISES}/{inside.as_posix()}": data
        for inside, data in found.items()
        if not any(part.startswith((".", "__")) for part in inside.parts)
    }
    return lessons | {there: (_FRESH / here).read_bytes() for here, there in _OWN.items()}


def make(folder: Path) -> Home:
    """Make a course folder, whole or not at all.

    Raises UsageError for a folder that is not empty, OSError where it cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file.", "Name a folder that is new or empty.")
    if home.is_home(folder):
        raise UsageError(
            f"{folder} has a course already.",
            "`kindlings init --upgrade` brings it to the installed version.",
        )
    if folder.is_dir() and any(path.name not in _ALLOWED for path in folder.iterdir()):
        raise UsageError(f"{folder} is not empty.", "Name a folder that is new or empty.")
    with storage.naming(folder):
        _build(folder)
    return Home(folder)


def _build(folder: Path) -> None:
    was_there = folder.is_dir()
    folder.mkdir(parents=True, exist_ok=True)
    # Beside its later place and not in it at once: on a full disk nothing is left.
    building = Path(tempfile.mkdtemp(dir=folder, prefix=".kindlings-init-"))
    try:
        _fill(Home(building))
        for path in building.iterdir():
            path.rename(folder / path.name)
    finally:
        shutil.rmtree(building, ignore_errors=True)
        if not was_there and not any(folder.iterdir()):
            folder.rmdir()


def _fill(place: Home) -> None:
    brought = files()
    for name, data in brought.items():
        path = place.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    _remember(place, brought)


def _remember(place: Home, brought: Mapping[str, bytes]) -> None:
    storage.prepare(place)
    digests = {name: _digest(data) for name, data in brought.items()}
    record = {"format": FORMAT, "version": version(), "files": digests}
    storage.write(place.state / home.BROUGHT, (json.dumps(record, indent=1) + "\n").encode())


def brought(place: Home) -> tuple[str, dict[str, str]]:
    """Return of which version a course folder is, and the digests of what was brought.

    Both are empty where nothing tells. Raises UsageError for a record of a later form.
    """
    raw = storage.load(place.state / home.BROUGHT) or {}
    if isinstance(raw.get("format"), int) and raw["format"] > FORMAT:
        raise _later(place, str(raw.get("version")))
    digests = raw.get("files")
    known = digests if isinstance(digests, dict) else {}
    return str(raw.get("version") or ""), {name: str(value) for name, value in known.items()}


def outdated(place: Home) -> str:
    """Return a line for a folder of another version than the installed one, or an empty string."""
    if place.is_source:
        return ""
    before = brought(place)[0]
    if not before or before == version():
        return ""
    later = _order(before) > _order(version())
    command = "pip install --upgrade kindlings" if later else "kindlings init --upgrade"
    return f"This folder is of kindlings {before}, and {version()} is installed: run `{command}`."


def strayed(place: Home) -> tuple[list[Path], list[Path]]:
    """Return the test files that are not as they came, and those that came and are not there any more.

    What an earlier version of the course brought is as it came: that is for `outdated` to say.
    """
    if place.is_source:
        return [], []
    folder, was = course.exercises(), brought(place)[1]
    tests = {f"{home.EXERCISES}/{path.relative_to(folder).as_posix()}" for path in folder.glob(_TESTS)}
    edited, gone = [], []
    for name in sorted(tests & was.keys() if was else tests):
        path = place.path / name
        held = home.content(path)
        if not os.path.lexists(path):
            gone.append(path)
        elif held is None or (_digest(held) != was.get(name) and held != (course.root() / name).read_bytes()):
            edited.append(path)
    return edited, gone


def upgrade(place: Home) -> Changes:
    """Bring the installed version's files into a course folder; what the learner has edited stays.

    Raises UsageError where the folder is of a later version, or is no copy; OSError where it cannot be
    written.
    """
    if place.is_source:
        raise UsageError(f"{place.path} is the course's own repository.", "`git pull` brings what is new.")
    before, was = brought(place)
    if before and _order(before) > _order(version()):
        raise _later(place, before)
    changes = Changes(before, version())
    now = files()
    for name, data in now.items():
        _bring(place, name, data, was.get(name, ""), changes)
    for name, digest in was.items():
        path = place.path / name
        # Only what is written in the record, as it was brought, and nothing that a path in it could lead to.
        if name not in now and name.startswith(f"{home.EXERCISES}/") and ".." not in Path(name).parts:
            held = home.content(path)
            if held is not None and _digest(held) == digest:
                path.unlink()
                changes.removed.append(name)
    _remember(place, now)
    return changes


def _bring(place: Home, name: str, data: bytes, was: str, changes: Changes) -> None:
    """Bring one file, of which `was` is the digest of what was brought before."""
    path = place.path / name
    held = home.content(path)
    if held == data:
        return
    if not os.path.lexists(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        storage.write(path, data)
        (changes.back if was else changes.new).append(name)
    elif held is not None and _digest(held) == was:
        storage.write(path, data)
        changes.updated.append(name)
    elif was == _digest(data):
        changes.kept.append(name)
    else:
        beside = path.with_name(path.name + NEW)
        if home.content(beside) != data:
            storage.put_aside(place, beside)
            storage.write(beside, data)
        changes.beside.append(name)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _order(name: str) -> tuple[int, ...]:
    """Return a version's numbers: enough to tell which of two is later."""
    return tuple(int(number) for number in re.findall(r"\d+", name)[:3])


def _later(place: Home, name: str) -> UsageError:
    return UsageError(
        f"{place.path} is of kindlings {name}, and {version()} is installed.",
        "Install the later one: `pip install --upgrade kindlings`.",
    )
