"""Programs out of Debian's packages, unpacked into a folder: nothing is installed, started or left."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def require_root() -> None:
    """Skip where this process may not do what a container engine does."""
    if os.geteuid() != 0:
        pytest.skip("needs root")


def programs(folder: Path, wanted: dict[str, str]) -> str:
    """Return a PATH that has the programs of `wanted`, which names the package of each.

    What this machine lacks is unpacked into `folder`; skips where this system has no apt, or that fails.
    """
    missing = {package for program, package in wanted.items() if shutil.which(program) is None}
    if missing:
        _unpack(folder, missing)
    return os.pathsep.join([*(str(folder / "usr" / name) for name in ("sbin", "bin")), os.environ["PATH"]])


def _unpack(folder: Path, packages: Iterable[str]) -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        pytest.skip(f"needs {', '.join(sorted(packages))}, or Debian's apt-get to fetch them")
    archives = folder / "archives"
    archives.mkdir(parents=True)
    download = ["apt-get", "download", "--quiet=2", *packages]
    if subprocess.run(download, cwd=archives, capture_output=True, check=False).returncode != 0:
        update = ["apt-get", "update", "--quiet=2"]
        subprocess.run(update, capture_output=True, check=False)
        again = subprocess.run(download, cwd=archives, capture_output=True, text=True, check=False)
        if again.returncode != 0:
            pytest.skip(f"apt-get cannot fetch {', '.join(sorted(packages))}: {again.stderr.strip()}")
    for archive in archives.iterdir():
        extract = ["dpkg-deb", "--extract", str(archive), str(folder)]
        subprocess.run(extract, check=True)
