"""The root file system of a node: a minimal Debian by debootstrap, and the parts of it that images need."""

from __future__ import annotations

import os
import platform
import shutil
import tarfile
from functools import partial
from typing import TYPE_CHECKING, Final

from kindlings import course
from kindlings.cluster.source.stages import Stage, follow
from kindlings.errors import InfrastructureError
from kindlings.versions import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kindlings.progress import Progress, Step

ARCHITECTURES: Final = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
"""From what machines call themselves to what Debian, Go and image registries call them."""

_LINES: Final = 700
"""About how many lines debootstrap says."""

_IPTABLES: Final = (
    "iptables",
    "libc6",
    "libip4tc2",
    "libip6tc2",
    "libmnl0",
    "libnetfilter-conntrack3",
    "libnfnetlink0",
    "libnftnl11",
    "libxtables12",
)
"""The packages whose files are all that iptables needs."""

_REDIS: Final = (
    "redis-server",
    "redis-tools",
    "libatomic1",
    "libc6",
    "libcap2",
    "libgcc-s1",
    "libgcrypt20",
    "libgpg-error0",
    "libjemalloc2",
    "liblz4-1",
    "liblzf1",
    "liblzma5",
    "libssl3",
    "libstdc++6",
    "libsystemd0",
    "libzstd1",
)
"""The packages whose files are all that redis-server and redis-cli need."""

_REDIS_USER: Final = 999
"""Whom the official image runs redis as; images/redis/passwd names the same."""

_DISPENSABLE: Final = ("/usr/share/doc", "/usr/share/info", "/usr/share/locale", "/usr/share/man")
_EMPTIED: Final = ("/var/cache", "/var/lib/apt/lists", "/var/log")


def architecture() -> str:
    """Return this machine's architecture, amd64 or arm64; raises InfrastructureError for any other."""
    machine = platform.machine().lower()
    if machine not in ARCHITECTURES:
        raise InfrastructureError(
            f"Nodes are built for amd64 and arm64; this machine is {machine}.",
            "Use a machine where an image registry can be reached: it may have an image for it.",
        )
    return ARCHITECTURES[machine]


def require(progress: Progress) -> None:
    """Make sure that a root file system can be made here, installing debootstrap where that can be done.

    Raises InfrastructureError, with advice, where it cannot.
    """
    if platform.system() != "Linux":
        raise InfrastructureError(
            "A node image can be built from source on Linux only.",
            "Connect this machine to an image registry, or name a mirror in KINDLINGS_REGISTRY.",
        )
    if os.geteuid() != 0:
        raise InfrastructureError(
            "Building a node image from source needs root: debootstrap makes a root file system.",
            "Run the command as root, or name an image registry that can be reached in KINDLINGS_REGISTRY.",
        )
    architecture()
    missing = [program for program in ("debootstrap", "setpriv", "unshare") if shutil.which(program) is None]
    if missing and shutil.which("apt-get"):
        _install(progress)
    elif missing:
        raise InfrastructureError(
            f"Building a node image from source needs {' and '.join(missing)}.",
            "Install debootstrap and util-linux with this system's package manager, then try again.",
        )


def _install(progress: Progress) -> None:
    progress.say("debootstrap is not installed: installing it with apt-get")
    packages = ("debootstrap", "debian-archive-keyring", "util-linux")
    with progress.step("Installing debootstrap", 2) as step:
        for arguments in (("update",), ("install", "-y", "--no-install-recommends", *packages)):
            follow(
                ["apt-get", *arguments],
                lambda line: step.advance(0, line[:60]),
                purpose=f"apt-get {arguments[0]}",
                env={"DEBIAN_FRONTEND": "noninteractive"},
            )
            step.advance()


def root_file_system() -> Stage:
    """Return the stage with rootfs.tar, and iptables.tar and busybox out of it."""
    suite = VERSIONS["built"]["debian"]
    packages = course.root() / "node-image" / "packages.txt"
    return Stage(
        "rootfs",
        f"Debian {suite} root file system",
        45,
        1.5,
        partial(_make, suite, packages.read_text(encoding="utf-8").split()),
        (suite, platform.machine(), packages, *_IPTABLES, *_DISPENSABLE, *_EMPTIED),
    )


def _make(suite: str, packages: list[str], folder: Path, step: Step) -> None:
    root = folder / "root"
    share = 45 / _LINES
    mirror = os.environ.get("KINDLINGS_DEBIAN_MIRROR")
    follow(
        [
            # It ends with us, even where we are killed, and what it mounts goes away with it.
            *("setpriv", "--pdeathsig", "KILL"),
            *("unshare", "--mount", "--pid", "--fork", "--kill-child"),
            *("debootstrap", "--variant=minbase", f"--arch={architecture()}"),
            *(f"--include={','.join(packages)}", suite, root),
            *([mirror] if mirror else []),
        ],
        lambda line: step.advance(share, line.removeprefix("I: ")[:60]),
        purpose=f"Making a Debian {suite} root file system",
    )
    for name in _EMPTIED:
        for path in (root / name.lstrip("/")).iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    for name in _DISPENSABLE:
        shutil.rmtree(root / name.lstrip("/"), ignore_errors=True)
    shutil.copy2(root / "bin" / "busybox", folder / "busybox")
    _pack_iptables(root, folder / "iptables.tar")
    with tarfile.open(folder / "rootfs.tar", "w") as archive:
        archive.add(root, arcname=".")
    shutil.rmtree(root)


def _pack_iptables(root: Path, target: Path) -> None:
    """Write what iptables needs to run: the files of its packages, and the links of a merged /usr."""
    with tarfile.open(target, "w") as archive:
        for name in ("bin", "lib", "lib64", "sbin"):
            if (root / name).is_symlink():
                archive.add(root / name, arcname=name)
        for path in sorted(set(_files(root))):
            archive.add(path, arcname=path.relative_to(root), recursive=False)


def _files(root: Path) -> Iterator[Path]:
    """Yield the files of the packages for iptables, by their real paths."""
    lists = root / "var" / "lib" / "dpkg" / "info"
    for package in _IPTABLES:
        (names,) = [*lists.glob(f"{package}.list"), *lists.glob(f"{package}:*.list")]
        for name in names.read_text(encoding="utf-8").splitlines():
            path = root / name.lstrip("/")
            real = path.parent.resolve() / path.name
            if real.is_relative_to(root) and (real.is_symlink() or real.is_file()):
                yield real


def redis() -> Stage:
    """Return the stage with redis.tar: redis-server and redis-cli where the official image has them."""
    suite = VERSIONS["built"]["debian"]
    return Stage(
        "redis",
        f"Debian {suite}'s redis",
        20,
        0.3,
        partial(_make_redis, suite),
        (suite, platform.machine(), *_REDIS),
    )


def _make_redis(suite: str, folder: Path, step: Step) -> None:
    """Fetch the packages with debootstrap, which checks their signatures, and unpack those that count."""
    fetched, root = folder / "fetched", folder / "root"
    mirror = os.environ.get("KINDLINGS_DEBIAN_MIRROR")
    follow(
        [
            *("debootstrap", "--download-only", "--variant=minbase", f"--arch={architecture()}"),
            *("--include=redis-server", suite, fetched),
            *([mirror] if mirror else []),
        ],
        lambda line: step.advance(0.08, line.removeprefix("I: ")[:60]),
        purpose=f"Fetching redis from Debian {suite}",
    )
    for package in _REDIS:
        (archive,) = (fetched / "var" / "cache" / "apt" / "archives").glob(f"{package}_*.deb")
        follow(
            ["dpkg-deb", "--extract", archive, root],
            lambda line: step.advance(0, line[:60]),
            purpose=f"Unpacking {package}",
        )
    programs = root / "usr" / "bin"
    # What it lacks is known here, not in a lab.
    follow(
        ["chroot", root, "/usr/bin/redis-server", "--version"],
        lambda _: None,
        purpose="Starting redis-server",
    )
    with tarfile.open(folder / "redis.tar", "w") as tar:
        for name in ("redis-server", "redis-cli"):
            tar.add((programs / name).resolve(), arcname=f"usr/local/bin/{name}")
        for path in sorted(root.rglob("*.so*")):
            if "gconv" not in path.parts and (path.is_symlink() or path.is_file()):
                tar.add(path, arcname=path.relative_to(root))
        data = tarfile.TarInfo("data")
        data.type, data.mode, data.uid, data.gid = tarfile.DIRTYPE, 0o755, _REDIS_USER, _REDIS_USER
        tar.addfile(data)
    shutil.rmtree(fetched)
    shutil.rmtree(root)
