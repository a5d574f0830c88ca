"""Parts of a cluster taken away and given back: in a cluster of its own, and never for longer than meant.

What is to be undone is on the disk before anything is broken. A run that was killed in between leaves that
journal behind; `mend` replays it, at the next `up` and at the start of every run of the course.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import filelock
import tenacity

from kindlings import paths
from kindlings.cluster import nodes, revival, state
from kindlings.errors import InfrastructureError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kindlings.cluster.kind import Cluster
    from kindlings.progress import Progress

_MANIFESTS: Final = "/etc/kubernetes/manifests"
_ASIDE: Final = "/etc/kubernetes/kindlings-aside"
"""Where a static Pod's manifest lies meanwhile: near the kubelet's folder, so that moving it is one step."""

_TAKEN: Final = "kindlings.dev/taken-away"
"""A node label that no node has."""

_PATIENCE: Final = 60.0
"""Seconds for a process to end or to appear; on two idle cores it takes 1 to 3."""


@dataclass(frozen=True)
class Component:
    """A part of the control plane or of a node."""

    name: str
    process: str
    """Its name in the node's process table, of which Linux keeps 15 characters."""
    away_by: Literal["manifest", "systemd", "daemonset", "freezing"]
    """How it is taken away.

    The two that the kubelet itself needs are frozen (SIGSTOP): without etcd it waits a minute for the API
    server's answers before it starts etcd again, and an API server takes half a minute to end. One that stays
    frozen fails its liveness probe, and the kubelet makes it anew.
    """


COMPONENTS: Final = {
    one.name: one
    for one in (
        Component("kube-apiserver", "kube-apiserver", "freezing"),
        Component("etcd", "etcd", "freezing"),
        Component("kube-scheduler", "kube-scheduler", "manifest"),
        Component("kube-controller-manager", "kube-controller", "manifest"),
        Component("kubelet", "kubelet", "systemd"),
        Component("kube-proxy", "kube-proxy", "daemonset"),
    )
}


@contextmanager
def alone(cluster: Cluster) -> Iterator[None]:
    """Hold the cluster for one experiment at a time, of all processes; what an earlier one left is undone."""
    if not state.is_break(cluster.name):
        raise UsageError(f"Nothing is ever taken away from the cluster {cluster.name}.")
    with _lock(cluster.name):
        _replay(cluster)
        yield


@contextmanager
def without(cluster: Cluster, component: str) -> Iterator[None]:
    """Take `component` away, and give it back whatever happens in between; inside `alone` only.

    Returns when it is gone, and when it is back: its process runs, the API server is ready, and every node
    was heard of. Raises InfrastructureError where that does not come about.
    """
    part = COMPONENTS[component]
    _write(cluster.name, part.name)
    try:
        _take(cluster, part)
        yield
    finally:
        _replay(cluster)


def mend(cluster: Cluster) -> str:
    """Undo what a run that was killed left broken; return which component that was, or an empty string.

    What an experiment has taken away that is still going on is left to it.
    """
    if not journal(cluster.name).exists():
        return ""
    lock = _lock(cluster.name)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return ""
    try:
        return _replay(cluster)
    finally:
        lock.release()


def mend_or_give_up(cluster: Cluster, progress: Progress) -> None:
    """Mend, and say so; what cannot be mended is made anew when it is next needed."""
    try:
        component = mend(cluster)
    except InfrastructureError as error:
        progress.say(
            f"The cluster {cluster.name} could not be mended ({error.message}): it is to be made anew"
        )
        state.forget(cluster.name)
        journal(cluster.name).unlink(missing_ok=True)
        return
    if component:
        progress.say(f"Gave {component} back to the cluster {cluster.name}: a run was ended without doing so")


def taken(name: str) -> str:
    """Return the component that is away from the cluster `name` by its journal, or an empty string."""
    try:
        return str(json.loads(journal(name).read_text(encoding="utf-8"))["component"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def journal(name: str) -> Path:
    """Return the file that says what is to be given back to the cluster `name`."""
    return state.folder(name) / "taken-away.json"


def _lock(name: str) -> filelock.BaseFileLock:
    path = paths.state() / f"{name}.experiment.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not reentrant by accident: each holder has a lock object of its own.
    return filelock.FileLock(path, is_singleton=False)


def _write(name: str, component: str) -> None:
    """Put the journal on the disk before this returns."""
    path = journal(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump({"component": component}, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _replay(cluster: Cluster) -> str:
    """Give back what the journal names, see that it is back, and only then forget it."""
    component = COMPONENTS.get(taken(cluster.name))
    if component is not None:
        found = nodes.find(cluster.engine, cluster.name)
        if found:
            since = nodes.start(cluster.engine, found)
            _give_back(cluster, component)
            _until(lambda: _runs(cluster, component), f"{component.name} did not come back")
            revival.await_ready(cluster, since)
    journal(cluster.name).unlink(missing_ok=True)
    return component.name if component else ""


def _take(cluster: Cluster, component: Component) -> None:
    manifest = f"{component.name}.yaml"
    if component.away_by == "manifest":
        _in_node(cluster, "mkdir", "--parents", _ASIDE)
        _in_node(cluster, "mv", f"{_MANIFESTS}/{manifest}", f"{_ASIDE}/{manifest}")
    elif component.away_by == "systemd":
        _in_node(cluster, "systemctl", "stop", component.name)
    elif component.away_by == "freezing":
        _in_node(cluster, "pkill", "--signal=STOP", "--exact", component.process)
        return
    else:
        _choose_nodes(cluster, component, "true")
    _until(lambda: not _runs(cluster, component), f"{component.name} did not end")


def _give_back(cluster: Cluster, component: Component) -> None:
    """Undo `_take`, from wherever it was interrupted; twice does no harm."""
    manifest = f"{component.name}.yaml"
    if component.away_by == "manifest":
        aside = f"{_ASIDE}/{manifest}"
        if _in_node(cluster, "test", "-e", aside, check=False):
            _in_node(cluster, "mv", aside, f"{_MANIFESTS}/{manifest}")
    elif component.away_by == "systemd":
        _in_node(cluster, "systemctl", "start", component.name)
    elif component.away_by == "freezing":
        # Nothing may be there to be thawed: the kubelet is making a new one.
        _in_node(cluster, "pkill", "--signal=CONT", "--exact", component.process, check=False)
    else:
        _choose_nodes(cluster, component, None)


def _choose_nodes(cluster: Cluster, component: Component, value: str | None) -> None:
    """Let the DaemonSet of kube-system ask for a label that no node has, or no longer."""
    patch: dict[str, Any] = {"spec": {"template": {"spec": {"nodeSelector": {_TAKEN: value}}}}}
    which = ("daemonset", component.name, "--namespace=kube-system")
    cluster.ask("patch", *which, "--type=merge", f"--patch={json.dumps(patch)}")


def _in_node(cluster: Cluster, *command: str, check: bool = True) -> bool:
    node = f"{cluster.name}-control-plane"
    return cluster.engine.run("exec", node, *command, check=check, timeout=_PATIENCE).returncode == 0


def _runs(cluster: Cluster, component: Component) -> bool:
    return _in_node(cluster, "pgrep", "--exact", component.process, check=False)


def _until(true: Callable[[], bool], otherwise: str) -> None:
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda answer: not answer),
        stop=tenacity.stop_after_delay(_PATIENCE),
        wait=tenacity.wait_fixed(0.1),
    )
    try:
        retrying(true)
    except tenacity.RetryError:
        raise InfrastructureError(
            f"{otherwise} within {_PATIENCE:.0f} s.", "Run `kindlings up`: it mends what was broken."
        ) from None
