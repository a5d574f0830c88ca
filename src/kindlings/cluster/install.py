"""Installing podman where that is safe to offer: as root, on Debian or Ubuntu, after asking."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from kindlings.cluster.engine import last_words
from kindlings.errors import InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kindlings.progress import Progress

_PACKAGES: Final = ("podman", "netavark", "aardvark-dns")
_PACKAGES_BEFORE_4_4: Final = (
    "podman",
    "runc",
    # With --no-install-recommends apt would take crun, with which these versions were not tried.
    "crun-",
    "containernetworking-plugins",
    "golang-github-containernetworking-plugin-dnsname",
)
"""podman with CNI, as Debian 12 and Ubuntu 22.04 have it; names for containers come from a plugin."""


def possible() -> bool:
    """Tell whether podman can be installed from here: root, apt, and a system that is Debian's kin."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None and bool({"debian", "ubuntu"} & _kin())


def instructions() -> str:
    """Say what to install on this system."""
    if platform.system() == "Darwin":
        return "Install Docker Desktop (https://docs.docker.com/desktop/) and start it, then try again."
    if "microsoft" in platform.release().lower():
        return "Install Docker Desktop for Windows and switch on its WSL integration, then try again."
    kin = _kin()
    if {"debian", "ubuntu"} & kin:
        return "Run `sudo apt-get install docker.io`; or install podman and run kindlings as root."
    if {"fedora", "rhel"} & kin:
        return "Run `sudo dnf install podman` and then kindlings as root, or install Docker."
    if "arch" in kin:
        return "Run `sudo pacman -S docker` and `sudo systemctl start docker`, then try again."
    return "Install Docker (https://docs.docker.com/engine/install/) or Podman, then try again."


def podman(progress: Progress, *, assume_yes: bool, why: Sequence[InfrastructureError]) -> None:
    """Install podman with apt after asking; `why` is what is wrong with the engines that are there.

    Raises InfrastructureError where the user declines, nobody can be asked, or apt fails.
    """
    found = " ".join(refusal.message for refusal in why) or "No container engine on this machine."
    if not (assume_yes or os.environ.get("CI", "").lower() in {"true", "1"} or _agreed(found)):
        raise InfrastructureError(
            f"{found} Podman was not installed.",
            "Run `apt-get install podman` yourself, or `kindlings up --yes` to have it done.",
        )
    progress.say(f"{found} Installing podman with apt-get")
    with progress.step("Installing podman", 2) as step:
        step.advance(0, "apt-get update")
        _apt("apt-get", "update")
        step.advance(1, "apt-get install")
        packages = _PACKAGES_BEFORE_4_4 if _offered() < (4, 4) else _PACKAGES
        _apt("apt-get", "install", "-y", "--no-install-recommends", *packages)
        step.advance()


def _agreed(found: str) -> bool:
    """Ask at the prompt; where there is none, that is a no."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    import click  # noqa: PLC0415 - only needed where there is somebody to ask

    return click.confirm(f"{found} Install podman with apt-get?", default=True, err=True)


def _offered() -> tuple[int, ...]:
    """Return the version of podman that apt would install, its first two numbers."""
    answer = _apt("apt-cache", "policy", "podman")
    version = re.search(r"Candidate: (?:\d+:)?(\d+)\.(\d+)", answer)
    return tuple(int(number) for number in version.groups()) if version else (0, 0)


def _apt(*command: str) -> str:
    result = subprocess.run(
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"},
    )
    if result.returncode != 0:
        raise InfrastructureError(
            f"`{' '.join(command)}` failed: {last_words(result.stderr or result.stdout)}",
            "Look at the network and at /etc/apt, install podman by hand, then try again.",
        )
    return result.stdout


def _kin() -> set[str]:
    """Return the system's identifiers and those it is like, from os-release."""
    try:
        about = platform.freedesktop_os_release()
    except OSError:
        return set()
    return {about.get("ID", ""), *about.get("ID_LIKE", "").split()}
