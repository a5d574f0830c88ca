"""What an experiment works with: a cluster that it has for itself, and a namespace in it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from kindlings.cluster import access, breaking
from kindlings.cluster.api import KINDS, Api, Refusal
from kindlings.errors import InfrastructureError
from kindlings.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kindlings.cluster.kind import Cluster
    from kindlings.recorder import Snapshot

PATIENCE: Final = 60.0
"""Seconds for what must happen in a whole cluster; on two idle cores the slowest of it takes 4."""

_LEAST: Final = 2.5
_TIMES: Final = 3.0
"""What has not happened in `_TIMES` the time that it took before (at least `_LEAST` s) does not happen."""

T = TypeVar("T")


@dataclass(frozen=True)
class Seen:
    """What came of an experiment: one of its outcomes, "" where it could not be begun, and in words."""

    outcome: str
    words: str


@dataclass
class Bench:
    """The cluster `cluster` while nobody else experiments on it, and what is done and seen in `namespace`."""

    cluster: Cluster
    admin: Api
    observer: Api
    namespace: str
    recorder: Recorder
    usual: float = 0.0
    """Seconds that the thing took while nothing was missing."""

    @property
    def window(self) -> float:
        """Return the seconds after which what has not happened does not happen."""
        return max(_LEAST, _TIMES * self.usual)

    def create(self, kind: str, name: str, spec: dict[str, Any], **labels: str) -> dict[str, Any]:
        """Create an object and return it; raises InfrastructureError where the API server refuses it."""
        body = {
            "kind": kind,
            "apiVersion": KINDS[kind].group_version,
            "metadata": {"name": name, "labels": labels},
            "spec": spec,
        }
        try:
            return self.admin.create(KINDS[kind].path(self.namespace), body)
        except Refusal as refusal:
            raise InfrastructureError(f"{kind} {name} was refused: {refusal.message}") from None

    def until(self, look: Callable[[Snapshot], T | None], seconds: float) -> T | None:
        """Return what `look` finds as soon as it finds something, None after `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            snapshot = self.recorder.snapshot()
            found = look(snapshot)
            left = deadline - time.monotonic()
            if found is not None or left <= 0:
                return found
            self.recorder.wait_beyond(snapshot.sequence, left)

    def demand(self, look: Callable[[Snapshot], T | None], otherwise: str) -> T:
        """Return what `look` finds; raises InfrastructureError where it finds nothing in time."""
        found = self.until(look, PATIENCE)
        if found is None:
            raise self.trouble(otherwise)
        return found

    def pause(self, seconds: float) -> None:
        """Wait for the next event of the namespace, `seconds` at most."""
        self.recorder.wait_beyond(self.recorder.sequence, seconds)

    def trouble(self, what: str) -> InfrastructureError:
        """Return the error for what a whole cluster does and this one did not."""
        return InfrastructureError(
            f"In the cluster {self.cluster.name} {what} within {PATIENCE:.0f} s.",
            "Run the lab again. If it happens again, run `kindlings down`, then the lab again.",
        )


@contextmanager
def opened(cluster: Cluster) -> Iterator[Bench]:
    """Have `cluster` for oneself, whole, with a namespace whose end is asked for afterwards."""
    with breaking.alone(cluster):
        admin = Api(cluster.kubeconfig_path)
        observer = access.ensure_recorder(admin)
        for left in access.namespaces(admin):  # nobody else is here: their makers have ended
            access.delete_namespace(admin, left["metadata"]["name"])
        namespace = access.unique("experiment")
        access.create_namespace(admin, namespace, {})
        recorder = Recorder(observer, namespace)
        recorder.start()
        try:
            yield Bench(cluster, admin, observer, namespace, recorder)
        finally:
            recorder.stop()
            access.delete_namespace(admin, namespace)
