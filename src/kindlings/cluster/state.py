"""What is remembered of each cluster: one folder a cluster, with its record, kubeconfig, config and log."""

from __future__ import annotations

import json
import os
import re
import shutil
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Literal

import filelock

from kindlings import paths
from kindlings.cluster.engine import Engine
from kindlings.errors import InfrastructureError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from kindlings.cluster.engine import Name
    from kindlings.progress import Progress


DEFAULT_NAME: Final = "kindlings"
_BREAK: Final = "-break"


@dataclass(frozen=True)
class Record:
    """A cluster whose creation was finished; written last, so an unfinished one has none."""

    name: str
    engine: Name
    engine_binary: str
    engine_environment: Mapping[str, str]
    engine_version: str
    limited: bool
    kind: str
    kubectl: str
    kubernetes: str
    image: str
    origin: Literal["pulled", "built"]
    node_ports: Mapping[int, int]
    fingerprint: str
    """Of the course's images and the kind config without its host ports, which differ between machines."""


def chosen_name() -> str:
    """Return the cluster's name: KINDLINGS_CLUSTER's, or the default one; raises UsageError for a bad one."""
    name = os.environ.get("KINDLINGS_CLUSTER") or DEFAULT_NAME
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", name):
        raise UsageError(
            f"{name!r} cannot be a cluster's name.", "Use at most 40 of a-z, 0-9 and -, not first nor last."
        )
    return name


def break_name(name: str) -> str:
    """Return the name of the cluster beside the cluster `name` in which parts may be taken away."""
    return f"{name}{_BREAK}"


def is_break(name: str) -> bool:
    """Tell whether `name` is that of such a cluster."""
    return name.endswith(_BREAK)


def folder(name: str) -> Path:
    """Return the folder of the cluster `name`; it need not exist."""
    return paths.state() / name


def kubeconfig(name: str) -> Path:
    """Return the kubeconfig of the cluster `name`."""
    return folder(name) / "kubeconfig"


def config(name: str) -> Path:
    """Return the kind config of the cluster `name`, which is written before its creation begins."""
    return folder(name) / "kind.yaml"


def require(name: str) -> Record:
    """Return the record of the cluster `name`; raises InfrastructureError where there is none."""
    record = load(name)
    if record is None:
        raise InfrastructureError(f"There is no cluster {name}.", "Run `kindlings up`.")
    return record


def engine(record: Record) -> Engine:
    """Return the engine in which the cluster of `record` is."""
    return Engine(
        record.engine, record.engine_binary, record.engine_environment, record.limited, record.engine_version
    )


def load(name: str) -> Record | None:
    """Return the record of the cluster `name`, or None where there is none that this version can read."""
    try:
        data = json.loads(_path(name).read_text(encoding="utf-8"))
        data["node_ports"] = {int(node): int(host) for node, host in data["node_ports"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return Record(**data) if data.keys() == {field.name for field in fields(Record)} else None


def save(record: Record) -> None:
    """Write `record` whole or not at all."""
    data: dict[str, Any] = asdict(record)
    path = _path(record.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(data, indent=1), encoding="utf-8")
    fresh.replace(path)


def forget(name: str) -> None:
    """Remove the record: from here on the cluster counts as unfinished."""
    _path(name).unlink(missing_ok=True)


def clear(name: str) -> None:
    """Remove everything remembered of the cluster `name`."""
    shutil.rmtree(folder(name), ignore_errors=True)


@contextmanager
def locked(name: str, progress: Progress) -> Iterator[None]:
    """Hold the cluster `name` for this process alone; shows it where another one has to be waited for."""
    # Beside the folder, not in it: clear() must not take the lock away from those who wait for it.
    path = paths.state() / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(path)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        # A step, and not a remark: who hushes remarks would wait in silence.
        with progress.step(f"Waiting for another kindlings that is at work on the cluster {name}", 1) as step:
            lock.acquire()
            step.advance()
    try:
        yield
    finally:
        lock.release()


def _path(name: str) -> Path:
    return folder(name) / "cluster.json"
