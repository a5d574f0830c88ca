"""Whether an engine works is found out by doing what kind will do: running a privileged container.

The image needs no registry: a tar, made here, of two tiny programs that do nothing but end well.
"""

from __future__ import annotations

import io
import json
import os
import struct
import tarfile
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kindlings import paths
from kindlings.cluster.engine import ROOTLESS
from kindlings.errors import InfrastructureError

if TYPE_CHECKING:
    from kindlings.cluster.engine import Engine, Name

IMAGE: Final = "localhost/kindlings/probe:1"

_CODE: Final = {
    # The machine number of ELF (e_machine) and the code of exit(0): mov edi, 0; mov eax, 60; syscall.
    "amd64": (62, bytes.fromhex("bf00000000b83c0000000f05")),
    # mov x0, 0; mov x8, 93; svc 0
    "arm64": (183, bytes.fromhex("000080d2a80b80d2010000d4")),
}
_BASE: Final = 0x400000
_SETTINGS: Final = ("DOCKER_HOST", "DOCKER_CONTEXT", "CONTAINER_HOST", "CONTAINERS_STORAGE_CONF")
"""The variables that lead to another engine, or to another store of the same one."""
_PATIENCE: Final = 60.0
"""Seconds for each command of the trial; a working engine needs one at most."""


class NoNamesError(InfrastructureError):
    """podman lacks the plugin by which containers find each other by name, as nodes must."""


def trial(engine: Engine) -> Engine:
    """Return `engine` with its version once it ran a privileged container; raises InfrastructureError.

    A good verdict holds until the machine starts anew or the engine's program changes.
    """
    key = _key(engine)
    record = _read()
    if key and record.get("key") == key:
        return _known(engine, record["version"], record["store"])
    version, architecture, store = _about(engine)
    _run_privileged(engine, architecture)
    found = _known(engine, version, store)
    if found.network:
        _require_names(found)
    if key:
        _write({"key": key, "engine": engine.name, "version": version, "store": store})
    return found


def _known(engine: Engine, version: str, store: str) -> Engine:
    found = replace(engine, version=version)
    return found.with_store(store) if engine.name == "podman" else found


def last() -> Name | None:
    """Return the engine that worked the last time."""
    name: Name | None = _read().get("engine")
    return name


def _about(engine: Engine) -> tuple[str, str, str]:
    """Return version and architecture (amd64, arm64) of the engine's server, and podman's image store."""
    if engine.name == "docker":
        answer = engine.run("version", "--format", "{{.Server.Version}} {{.Server.Arch}}", timeout=_PATIENCE)
        version, architecture = answer.stdout.split()
        return version, architecture, ""
    asked = "{{.Version.Version}} {{.Host.Arch}} {{.Host.Security.Rootless}} {{.Store.GraphRoot}}"
    answer = engine.run("info", "--format", asked, timeout=_PATIENCE)
    version, architecture, rootless, store = answer.stdout.strip().split(" ", 3)
    if rootless == "true":
        raise InfrastructureError(*ROOTLESS)
    return version, architecture, store


def _run_privileged(engine: Engine, architecture: str) -> None:
    if architecture not in _CODE:
        raise InfrastructureError(
            f"The course has no images for {architecture}.", "Use a machine with amd64 or arm64 processors."
        )
    if engine.run("image", "inspect", IMAGE, check=False, timeout=_PATIENCE).returncode != 0:
        with tempfile.TemporaryFile() as archive:
            _write_image(archive)
            archive.seek(0)
            engine.run("import", "-", IMAGE, stdin=archive, timeout=_PATIENCE)
    engine.run("run", "--rm", "--privileged", "--network=none", IMAGE, f"/{architecture}", timeout=_PATIENCE)


def _require_names(engine: Engine) -> None:
    """Make the nodes' network; raises NoNamesError where containers in it would have no names."""
    network = engine.network
    asked = ("network", "inspect", network, "--format", "{{.DNSEnabled}}")
    found = engine.run(*asked, check=False, timeout=_PATIENCE)
    if found.stdout.strip() == "true":
        return
    if found.returncode == 0:
        engine.run("network", "rm", network, timeout=_PATIENCE)
    engine.run("network", "create", network, timeout=_PATIENCE)
    if engine.run(*asked, timeout=_PATIENCE).stdout.strip() != "true":
        engine.run("network", "rm", network, timeout=_PATIENCE)
        raise NoNamesError(
            "Podman lacks its plugin for names, by which the cluster's nodes find each other.",
            "Install aardvark-dns (or, for podman before 4.4, podman's dnsname plugin), then try again.",
        )


def _write_image(archive: Any) -> None:
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for architecture, (machine, code) in _CODE.items():
            program = _program(machine, code)
            entry = tarfile.TarInfo(architecture)
            entry.mode, entry.size = 0o755, len(program)
            tar.addfile(entry, io.BytesIO(program))


def _program(machine: int, code: bytes) -> bytes:
    """Return an executable of one segment that runs `code` (System V ABI, ELF-64 object files)."""
    header_size, segment_size = 64, 56
    start = header_size + segment_size
    identity = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    header = identity + struct.pack(
        "<HHIQQQIHHHHHH",
        2,
        machine,
        1,
        _BASE + start,
        header_size,
        0,
        0,
        header_size,
        segment_size,
        1,
        0,
        0,
        0,
    )
    size = start + len(code)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x1000)
    return header + segment + code


def _key(engine: Engine) -> list[Any]:
    """Return what a verdict depends on; empty where the machine does not tell one start from the next."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        binary = Path(engine.binary).resolve()
        program = binary.stat()
    except OSError:
        return []
    settings = [os.environ.get(name, "") for name in _SETTINGS]
    return [boot, str(binary), program.st_mtime_ns, program.st_size, os.geteuid(), *settings]


def _path() -> Path:
    return paths.state() / "engine.json"


def _read() -> dict[str, Any]:
    try:
        record = json.loads(_path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _write(record: dict[str, Any]) -> None:
    _path().parent.mkdir(parents=True, exist_ok=True)
    fresh = _path().with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(record), encoding="utf-8")
    fresh.replace(_path())
