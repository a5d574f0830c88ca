"""The programs kind and kubectl: on PATH in a fitting version, else an official release, else built here."""

from __future__ import annotations

import hashlib
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import requests

from kindlings import paths
from kindlings.cluster.source import go
from kindlings.cluster.source.debian import ARCHITECTURES
from kindlings.cluster.source.stages import run
from kindlings.errors import InfrastructureError
from kindlings.versions import VERSIONS, minor

if TYPE_CHECKING:
    from collections.abc import Callable

    from kindlings.cluster.source.stages import Stage
    from kindlings.progress import Progress

_TIMEOUT: Final = (3.05, 30)
"""Seconds to connect, and between two pieces of an answer."""
_PIECE: Final = 1 << 16
_ANSWER_SECONDS: Final = 10


@dataclass(frozen=True)
class Tool:
    """A program: how to ask its version, where its releases are, and how it is built."""

    name: str
    version: str
    ask: tuple[str, ...]
    answer: str
    """A pattern whose group is the version; what it does not match does not fit."""
    release: str
    checksum: str
    """What follows the release's address in that of its SHA-256."""
    stage: Callable[[go.Toolchain], Stage]


_KIND: Final = Tool(
    "kind",
    VERSIONS["kind"]["version"],
    ("version",),
    r"^kind v(\d+\.\d+\.\d+) ",
    VERSIONS["kind"]["release"],
    ".sha256sum",
    lambda toolchain: go.addon(toolchain, "kind"),
)
_KUBECTL: Final = Tool(
    "kubectl",
    VERSIONS["kubernetes"]["pulled"],
    ("version", "--client", "--output=json"),
    # Vendors' dispatchers say "v1.32.4-dispatcher" here, and start whichever kubectl they think fit.
    r'"gitVersion": "v(\d+\.\d+\.\d+)"',
    VERSIONS["kubernetes"]["release"],
    ".sha256",
    go.kubectl,
)


def kind(progress: Progress) -> Path:
    """Return a kind of the pinned minor, for which the pinned node image was made.

    Raises InfrastructureError, with advice, where it can neither be found, nor fetched, nor built.
    """
    return _find(_KIND, progress)


def kubectl(progress: Progress) -> Path:
    """Return a kubectl of the clusters' minor; raises InfrastructureError as `kind` does."""
    return _find(_KUBECTL, progress)


def _find(tool: Tool, progress: Progress) -> Path:
    toolchain = go.Toolchain(progress)
    stage = tool.stage(toolchain)
    fetched, built = paths.cache() / "tools" / f"{tool.name}-{tool.version}", stage.folder / tool.name
    for path in (fetched, built):
        if path.exists():
            return path
    if found := shutil.which(tool.name):
        version = _version(tool, found)
        if version and minor(version) == minor(tool.version):
            progress.say(f"{tool.name}: {found} ({version})")
            return Path(found)
        progress.say(f"{tool.name}: {found} is {version or 'of no plain version'}, {tool.version} is needed")
    try:
        _fetch(tool, fetched, progress)
    except InfrastructureError as trouble:
        progress.say(f"{trouble.message} Building {tool.name} from source instead")
    else:
        return fetched
    _ = toolchain.go
    run([stage], progress)
    return built


def _version(tool: Tool, program: str) -> str:
    """Return the version that `program` says it has, or an empty string where it says none plainly."""
    try:
        result = subprocess.run(
            [program, *tool.ask],
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_ANSWER_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(tool.answer, result.stdout)
    return found[1] if found else ""


def _fetch(tool: Tool, target: Path, progress: Progress) -> None:
    """Download a release to `target` and check it against the checksum published beside it."""
    address = tool.release.format(
        version=tool.version,
        os=platform.system().lower(),
        arch=ARCHITECTURES.get(platform.machine().lower(), platform.machine()),
    )
    try:
        expected = _published_checksum(address + tool.checksum)
        _download(tool, address, expected, target, progress)
    except requests.RequestException as error:
        raise InfrastructureError(
            f"{tool.name} {tool.version} cannot be downloaded ({type(error).__name__} at {address}).",
            f"Install {tool.name} {minor(tool.version)} yourself, or look at the network.",
        ) from None


def _published_checksum(address: str) -> str:
    with requests.get(address, timeout=_TIMEOUT) as answer:
        answer.raise_for_status()
        words = answer.text.split()
    if not words or not re.fullmatch(r"[0-9a-f]{64}", words[0]):
        raise InfrastructureError(f"{address} holds no SHA-256.")
    return words[0]


def _download(tool: Tool, address: str, expected: str, target: Path, progress: Progress) -> None:
    digest = hashlib.sha256()
    partial = target.with_suffix(".partial")
    target.parent.mkdir(parents=True, exist_ok=True)
    with requests.get(address, timeout=_TIMEOUT, stream=True) as answer:
        answer.raise_for_status()
        total = float(answer.headers.get("Content-Length") or 50e6)
        with (
            progress.step(f"Downloading {tool.name} {tool.version}", total) as step,
            partial.open("wb") as file,
        ):
            for piece in answer.iter_content(_PIECE):
                file.write(piece)
                digest.update(piece)
                step.advance(len(piece))
    if digest.hexdigest() != expected:
        partial.unlink()
        raise InfrastructureError(
            f"{address} is not what its publisher says it is: its SHA-256 is {digest.hexdigest()}, "
            f"not {expected}.",
            "Something between here and there alters downloads. Ask whoever runs the network.",
        )
    partial.chmod(0o755)
    partial.rename(target)
