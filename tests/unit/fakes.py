"""Objects as the API would send them, moments made of them, and a recorder whose time is a script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest

from kindlings import waiting as wait_module
from kindlings.conditions import Scene, Target
from kindlings.recorder import Gap, Recorder, Snapshot
from kindlings.waiting import Unmet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kindlings.cluster.api import Api
    from kindlings.manifests import Document
    from kindlings.recorder import Object

COUNTER: Final = "single-container.yaml"
POD: Final = """\
apiVersion: v1
kind: Pod
metadata:
  name: counter
spec:
  containers:
    - name: count
      image: busybox:1.36
"""
DEPLOYMENT: Final = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: golang-api
spec:
  replicas: 1
  selector: {matchLabels: {app: application}}
  template:
    metadata:
      labels:
        app: application
    spec:
      containers:
        - name: golang-api
          image: kindlings/web:1.0
          args: [golang-api]
          ports:
            - name: http
              containerPort: 8080
          readinessProbe:
            httpGet:
              path: /ready
              port: 80
"""


def pod(  # noqa: PLR0913 - a Pod has this many sides
    name: str = "counter",
    *,
    uid: str = "",
    ready: bool = True,
    phase: str = "Running",
    policy: str = "Always",
    containers: Sequence[str] = ("count",),
    init: Sequence[dict[str, Any]] = (),
    statuses: Sequence[dict[str, Any]] | None = None,
    deleted: bool = False,
    owner: Object | None = None,
    labels: dict[str, str] | None = None,
    **spec: Any,
) -> Object:
    """Return a Pod, by default one that is ready; `statuses` are those of its containers."""
    metadata: dict[str, Any] = {"name": name, "uid": uid or f"uid-{name}", "labels": labels or {}}
    if deleted:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    if owner is not None:
        metadata["ownerReferences"] = [
            {"kind": owner["kind"], "uid": owner["metadata"]["uid"], "controller": True}
        ]
    if statuses is None:
        statuses = [running(one, ready=ready) for one in containers]
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": metadata,
        "spec": {
            "nodeName": "worker",
            "restartPolicy": policy,
            "containers": [{"name": one} for one in containers],
            "initContainers": list(init),
            **spec,
        },
        "status": {
            "phase": phase,
            "startTime": "2026-01-01T00:00:00Z",
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": list(statuses),
        },
    }


def running(name: str = "count", *, ready: bool = True, restarts: int = 0) -> dict[str, Any]:
    """Return the status of a container that runs."""
    return {"name": name, "ready": ready, "restartCount": restarts, "state": {"running": {}}}


def waiting(reason: str, message: str = "", name: str = "count") -> dict[str, Any]:
    """Return the status of a container that waits."""
    state = {"waiting": {"reason": reason, "message": message}}
    return {"name": name, "ready": False, "restartCount": 0, "state": state}


def crashed(code: int = 1, *, restarts: int = 1, reason: str = "Error", message: str = "") -> dict[str, Any]:
    """Return the status of a container that ended with `code`, and did so before where it was restarted."""
    end = {"terminated": {"exitCode": code, "reason": reason, "message": message}}
    last = end if restarts else {}
    return {"name": "count", "ready": False, "restartCount": restarts, "state": end, "lastState": last}


def owner(kind: str, name: str, uid: str = "", owned_by: Object | None = None) -> Object:
    """Return a controller, owned by another where one is given."""
    metadata: dict[str, Any] = {"name": name, "uid": uid or f"uid-{name}"}
    if owned_by is not None:
        reference = {"kind": owned_by["kind"], "uid": owned_by["metadata"]["uid"], "controller": True}
        metadata["ownerReferences"] = [reference]
    return {"kind": kind, "apiVersion": "apps/v1", "metadata": metadata, "spec": {}}


def claim(name: str = "dok", phase: str = "Pending") -> Object:
    """Return a PersistentVolumeClaim."""
    return {
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "uid": f"uid-{name}"},
        "status": {"phase": phase},
    }


def event(about: Object, reason: str, message: str) -> Object:
    """Return an Event about an object."""
    name = f"{about['metadata']['name']}.{reason}"
    return {
        "kind": "Event",
        "metadata": {"name": name, "uid": f"uid-{name}", "resourceVersion": "1"},
        "involvedObject": {"uid": about["metadata"]["uid"]},
        "reason": reason,
        "message": message,
    }


def unscheduled(message: str, name: str = "counter", **fields: Any) -> Object:
    """Return a Pod for which the scheduler finds no node, in the scheduler's words."""
    one = pod(name, ready=False, phase="Pending", statuses=[], **fields)
    del one["spec"]["nodeName"], one["status"]["startTime"]
    one["status"]["conditions"].append(
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    )
    return one


def snapshot(*found: Object) -> Snapshot:
    """Return the moment at which exactly these objects are there."""
    kinds: dict[str, dict[str, Object]] = {}
    for one in found:
        kinds.setdefault(one["kind"], {})[one["metadata"]["uid"]] = one
    return Snapshot(kinds, 1, 0.0)


def the_pod(name: str = "counter") -> Target:
    """Return the target of one Pod by its name."""

    def select(moment: Snapshot) -> list[Object]:
        found = moment.named("Pod", name)
        return [found] if found else []

    return Target(f"Pod {name}", "Pod", select)


ALL_PODS: Final = Target("the Pods with app=counter", "Pod", lambda moment: moment.all("Pod"), plural=True)


def scene(target: Target, *found: Object) -> Scene:
    """Return what a condition judges."""
    return Scene(target, snapshot(*found))


def written(folder: Path, text: str, file: str = COUNTER) -> Path:
    """Write a manifest; returns its path."""
    path = folder / file
    path.write_text(text, encoding="utf-8")
    return path


def document(folder: Path, text: str, file: str = COUNTER) -> Document:
    """Return the first document of a manifest."""
    from kindlings.manifests import read  # noqa: PLC0415 - beside its only use

    return read(written(folder, text, file)).documents[0]


Step = tuple[float, str, Any]
"""Seconds after the beginning; put, remove, gap, away or back; and the object, or the kind of a gap."""


class ScriptedRecorder(Recorder):
    """A recorder without a server: what it would see comes from a script, in the script's own time.

    Waiting on it takes no time: its clock goes on to the next step, or by the timeout.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *script: Step, api: Api | None = None) -> None:
        super().__init__(api, "lab")  # type: ignore[arg-type] # nothing is asked of it
        self.now = 0.0
        self._script = list(script)
        self._gone_since: float | None = None
        self._longest = 0.0
        self.asked = 0
        """How often somebody waited for the next entry."""
        for module in ("kindlings.recorder", "kindlings.waiting"):
            monkeypatch.setattr(f"{module}.time", self)
        self._play()

    def monotonic(self) -> float:
        """Return the script's time."""
        return self.now

    @property
    def outage(self) -> tuple[bool, float]:
        """Return what the script says."""
        since = 0.0 if self._gone_since is None else self.now - self._gone_since
        return self._gone_since is not None, max(self._longest, since)

    def wait_beyond(self, sequence: int, timeout: float) -> bool:
        """Go on to the next step, or by `timeout`."""
        self.asked += 1
        assert self.asked < 1000, "waits without end"
        if self.sequence <= sequence:
            due = self._script[0][0] if self._script else float("inf")
            self.now = max(self.now, min(due, self.now + max(timeout, 0.001)))
            self._play()
        return self.sequence > sequence

    def _play(self) -> None:
        while self._script and self._script[0][0] <= self.now:
            _, what, given = self._script.pop(0)
            if what == "away":
                self._gone_since = self.now
            elif what == "back":
                self._longest, self._gone_since = self.outage[1], None
            elif what in {"gap", "gap, all the same"}:
                same = frozenset(self._objects.get(given, {}) if what != "gap" else ())
                self._entries.append(Gap(len(self._entries) + 1, self.now, given, "the watch expired", same))
            elif what == "remove":
                self._enter("DELETED", given["kind"], given)
            else:
                known = given["metadata"]["uid"] in self._objects[given["kind"]]
                self._enter("MODIFIED" if known else "ADDED", given["kind"], given)


@dataclass
class Play:
    """A test's monkeypatch, to write scripts with."""

    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *script: tuple[float, str, object]) -> ScriptedRecorder:
        """Return a recorder that sees `script`."""
        return ScriptedRecorder(self.monkeypatch, *script)


def unmet(recorder: ScriptedRecorder, *arguments: object, **options: object) -> Unmet:
    """Return the verdict of a wait that ends without its condition."""
    with pytest.raises(Unmet) as caught:
        wait_module.wait(recorder, *arguments, **options)  # type: ignore[arg-type]
    return caught.value
