"""Watches a lab's namespace and keeps its whole history: every event that the watch delivered, in order.

Each resource has a watch of its own, so order is known within one resource and not between two. Where a watch
could not be resumed the history has a Gap: what happened in it, nobody saw.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import urllib3

from kindlings.cluster import inside
from kindlings.cluster.api import KINDS, PATIENCE, Kind, Refusal
from kindlings.errors import MEND_CLUSTER, InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kindlings.cluster.api import Api, Stream

Object = dict[str, Any]
"""An object as the API sent it."""

WATCHED: Final = tuple(
    KINDS[kind]
    for kind in (
        "Pod",
        "ReplicaSet",
        "Deployment",
        "DaemonSet",
        "StatefulSet",
        "Service",
        "EndpointSlice",
        "PersistentVolumeClaim",
        "Event",
    )
)
_COME_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "Pod": ("PersistentVolumeClaim",),  # of an ephemeral volume
    "ReplicaSet": ("Pod",),
    "Deployment": ("ReplicaSet",),
    "DaemonSet": ("Pod",),
    "StatefulSet": ("Pod",),
    "Service": ("EndpointSlice",),
}
"""What the cluster itself makes for an object of a kind."""

_SILENCE: Final = 150.0
"""Seconds without a line after which a watch counts as broken; a bookmark comes about once a minute."""
_EXPIRED: Final = 410
_RESUME_AFTER: Final = 0.2
"""Seconds before a broken watch is opened again; waited on the stop signal."""


@dataclass(frozen=True)
class Change:
    """One event of a watch: `at` is time.monotonic() when it arrived here."""

    sequence: int
    at: float
    type: Literal["ADDED", "MODIFIED", "DELETED"]
    kind: str
    object: Object


@dataclass(frozen=True)
class Gap:
    """Events of `kind` may be missing here; `unchanged` are the UIDs of which none can be.

    An object whose resourceVersion is the same before and behind the gap was not touched in it.
    """

    sequence: int
    at: float
    kind: str
    why: str
    unchanged: frozenset[str] = frozenset()


Entry = Change | Gap


class Snapshot:
    """What was there at one moment: objects by kind, oldest first; and what of it was looked at."""

    def __init__(self, objects: Mapping[str, Mapping[str, Object]], sequence: int, at: float) -> None:
        self._objects = objects
        self.sequence = sequence
        self.at = at
        self.kinds_read: set[str] = set()
        """The kinds of which all objects were asked for, or one that is not there."""
        self.uids_read: dict[str, set[str]] = {}
        """By kind, the objects that were asked for by themselves."""

    def all(self, kind: str) -> list[Object]:
        """Return every object of `kind`."""
        self.kinds_read.add(kind)
        return list(self._objects.get(kind, {}).values())

    def named(self, kind: str, name: str) -> Object | None:
        """Return the object of that kind and name; of two with one name, the one that is not terminating."""
        found = [one for one in self._objects.get(kind, {}).values() if one["metadata"]["name"] == name]
        one = min(found, key=lambda one: "deletionTimestamp" in one["metadata"], default=None)
        return self._read(kind, one)

    def with_uid(self, kind: str, uid: str) -> Object | None:
        """Return the object of that kind and UID."""
        return self._read(kind, self._objects.get(kind, {}).get(uid))

    def _read(self, kind: str, one: Object | None) -> Object | None:
        if one is None:
            self.kinds_read.add(kind)
        else:
            self.uids_read.setdefault(kind, set()).add(one["metadata"]["uid"])
        return one

    def events_of(self, uid: str) -> list[Object]:
        """Return the Events about the object with `uid`, in the order in which they were last seen."""
        about = [one for one in self.all("Event") if (one.get("involvedObject") or {}).get("uid") == uid]
        return sorted(about, key=lambda one: int(one["metadata"].get("resourceVersion") or 0))


def watched(made: Iterable[str]) -> tuple[Kind, ...]:
    """Return what there can be in a namespace where only the kinds `made` are created; everything if none.

    Each watch less is a connection, two requests and a thread less, for each namespace.
    """
    found = {"Event", *(made or (kind.kind for kind in WATCHED))}
    while more := {kind for one in found for kind in _COME_OF.get(one, ())} - found:
        found |= more
    return tuple(kind for kind in WATCHED if kind.kind in found)


class Recorder:
    """Follows one namespace from `start` to `stop`."""

    def __init__(self, api: Api, namespace: str, kinds: tuple[Kind, ...] = WATCHED) -> None:
        """Watch `kinds` in `namespace` with the identity of `api`."""
        self.namespace = namespace
        self._api = api
        self._kinds = kinds
        self._changed = threading.Condition()
        self._entries: list[Entry] = []
        self._objects: dict[str, dict[str, Object]] = {kind.kind: {} for kind in kinds}
        self._listed: set[str] = set()
        self._streams: dict[str, Stream] = {}
        self._stopping = threading.Event()
        self._trouble: InfrastructureError | None = None
        self._threads: list[threading.Thread] = []
        self._away: dict[str, float] = {}
        self._outage = 0.0

    def start(self) -> None:
        """Begin to watch; returns when every kind has been listed once. Raises InfrastructureError."""
        for kind in self._kinds:
            name = f"watch-{kind.resource}"
            thread = threading.Thread(target=self._follow, args=(kind,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()
        with self._changed:
            done = self._changed.wait_for(
                lambda: self._trouble or len(self._listed) == len(self._kinds), PATIENCE + 5
            )
        self._raise_trouble()
        if not done:
            raise InfrastructureError("The cluster's API server did not list the lab's objects in time.")

    def stop(self) -> None:
        """End all watches; what was recorded stays readable."""
        self._stopping.set()
        with self._changed:
            streams = list(self._streams.values())
            self._changed.notify_all()
        for stream in streams:
            stream.close()
        for thread in self._threads:
            thread.join(timeout=5)

    @property
    def sequence(self) -> int:
        """Return the number of the newest entry, 0 where there is none."""
        with self._changed:
            return len(self._entries)

    def snapshot(self) -> Snapshot:
        """Return what is there now. Raises InfrastructureError where the watching has failed."""
        self._raise_trouble()
        with self._changed:
            objects = {kind: dict(found) for kind, found in self._objects.items()}
            return Snapshot(objects, len(self._entries), time.monotonic())

    def entries(self, after: int = 0, until: int | None = None) -> list[Entry]:
        """Return the entries with `after` < sequence <= `until`."""
        with self._changed:
            return self._entries[after:until]

    def wait_beyond(self, sequence: int, timeout: float) -> bool:
        """Wait until there is an entry after `sequence`, `timeout` seconds at most; tell whether there is.

        Raises InfrastructureError where the watching has failed.
        """
        with self._changed:
            self._changed.wait_for(lambda: len(self._entries) > sequence or self._trouble, max(timeout, 0))
            self._raise_trouble()
            return len(self._entries) > sequence

    def catch_up(self, kind: str, known: list[Object], timeout: float = 10) -> None:
        """Wait until the watch of `kind` has come as far as these objects of an answer, `timeout` s at most.

        An object that has meanwhile gone counts as seen. A kind that is not watched is never behind.
        """
        # The versions of one resource may be compared: as of Kubernetes 1.35 by contract (KEP 5504).
        wanted = {one["metadata"]["uid"]: int(one["metadata"]["resourceVersion"]) for one in known}

        def seen(uid: str, version: int) -> bool:
            for one in reversed(self._entries):
                if isinstance(one, Change) and one.kind == kind and one.object["metadata"]["uid"] == uid:
                    return one.type == "DELETED" or int(one.object["metadata"]["resourceVersion"]) >= version
            return False

        if kind in self._objects:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._trouble or all(seen(*one) for one in wanted.items()), timeout
                )
            self._raise_trouble()

    def at(self, sequence: int) -> Snapshot:
        """Return what was there just after the entry `sequence`."""
        objects: dict[str, dict[str, Object]] = {kind.kind: {} for kind in self._kinds}
        moment = 0.0
        for entry in self.entries(until=sequence):
            moment = entry.at
            if isinstance(entry, Change):
                _apply(objects, entry)
        return Snapshot(objects, sequence, moment)

    def replay(self, after: int, until: int | None = None) -> Iterator[tuple[Entry, Snapshot]]:
        """Yield each entry after `after` with the state just behind it, good until the next is asked for."""
        start = self.at(after)
        objects = {
            kind.kind: {one["metadata"]["uid"]: one for one in start.all(kind.kind)} for kind in self._kinds
        }
        for entry in self.entries(after, until):
            if isinstance(entry, Change):
                _apply(objects, entry)
            yield entry, Snapshot(objects, entry.sequence, entry.at)

    def _raise_trouble(self) -> None:
        if self._trouble:
            raise self._trouble

    def _follow(self, kind: Kind) -> None:
        """Keep one kind's watch going until `stop`, or until the API server has been away for PATIENCE."""
        version = ""
        while not self._stopping.is_set():
            try:
                version, before = version or self._list(kind), self.sequence
                for seen in self._watch(kind, version):
                    version = seen
                if self.sequence == before:
                    self._stopping.wait(_RESUME_AFTER)
            except (urllib3.exceptions.HTTPError, InfrastructureError, Refusal, OSError, ValueError) as error:
                if self._stopping.is_set():
                    return
                if isinstance(error, Refusal) and error.code == _EXPIRED:
                    version = ""
                    self._stopping.wait(_RESUME_AFTER)
                elif self._gives_up(kind, error):
                    return
                else:
                    self._stopping.wait(_RESUME_AFTER)

    def _gives_up(self, kind: Kind, error: Exception) -> bool:
        """Note that `kind` is not watched now; tell whether it has been so for too long."""
        with self._changed:
            since = self._away.setdefault(kind.kind, time.monotonic())
            if isinstance(error, InfrastructureError):
                self._trouble = error
            elif time.monotonic() - since > PATIENCE:
                self._trouble = InfrastructureError(
                    f"The cluster stopped telling what happens in namespace {self.namespace}: {error}",
                    MEND_CLUSTER,
                )
            self._changed.notify_all()
            return self._trouble is not None

    def _is_back(self, kind: Kind) -> None:
        with self._changed:
            since = self._away.pop(kind.kind, None)
            if since is not None:
                self._outage = max(self._outage, time.monotonic() - since)
                self._changed.notify_all()

    @property
    def outage(self) -> tuple[bool, float]:
        """Return whether some kind is unwatched now, and the longest such stretch so far in seconds."""
        with self._changed:
            now = time.monotonic()
            return bool(self._away), max([self._outage, *(now - since for since in self._away.values())])

    def _list(self, kind: Kind) -> str:
        """List the kind and enter the differences from what was known; returns the list's resourceVersion."""
        answer = self._api.get(kind.path(self.namespace), **_selection(kind))
        # Items of a list carry neither kind nor apiVersion.
        typed = {"kind": kind.kind, "apiVersion": kind.group_version}
        now = {one["metadata"]["uid"]: typed | one for one in answer.get("items") or []}
        with self._changed:
            known = dict(self._objects[kind.kind])
            if kind.kind in self._listed:
                why = "the watch expired and its events are lost"
                same = frozenset(
                    uid for uid in known.keys() & now.keys() if _version(known[uid]) == _version(now[uid])
                )
                self._entries.append(Gap(len(self._entries) + 1, time.monotonic(), kind.kind, why, same))
            for uid in known.keys() - now.keys():
                self._enter("DELETED", kind.kind, known[uid])
            for uid, one in now.items():
                if uid not in known:
                    self._enter("ADDED", kind.kind, one)
                elif _version(known[uid]) != _version(one):
                    self._enter("MODIFIED", kind.kind, one)
            self._listed.add(kind.kind)
            self._changed.notify_all()
        version: str = answer["metadata"]["resourceVersion"]
        return version

    def _watch(self, kind: Kind, version: str) -> Iterator[str]:
        """Follow one watch request to its end, yielding the resourceVersion to resume at.

        A server says that it cannot resume in the stream itself, not by its status; so what was away is back
        with the first good line, or with the end of a short watch in which nothing was said.
        """
        query = {"watch": "true", "allowWatchBookmarks": "true", "resourceVersion": version}
        if kind.kind in self._away:
            query["timeoutSeconds"] = "1"
        path = kind.path(self.namespace)
        stream = self._api.stream(path, read_timeout=_SILENCE, **query, **_selection(kind))
        with self._changed:
            self._streams[kind.kind] = stream
        if self._stopping.is_set():
            stream.close()
        try:
            for line in stream:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise Refusal(event["object"].get("code", 0), event["object"])
                if event["type"] != "BOOKMARK":
                    with self._changed:
                        self._enter(event["type"], kind.kind, event["object"])
                        self._changed.notify_all()
                self._is_back(kind)
                yield event["object"]["metadata"]["resourceVersion"]
            self._is_back(kind)
        finally:
            stream.close()

    def _enter(self, type_: Any, kind: str, one: Object) -> None:
        change = Change(len(self._entries) + 1, time.monotonic(), type_, kind, one)
        self._entries.append(change)
        _apply(self._objects, change)


def _selection(kind: Kind) -> dict[str, str]:
    """Return the query that leaves our own helper Pod out: a lab is about the learner's."""
    return {"labelSelector": inside.NOT_OURS} if kind.kind == "Pod" else {}


def _version(one: Object) -> str:
    version: str = one["metadata"]["resourceVersion"]
    return version


def _apply(objects: dict[str, dict[str, Object]], change: Change) -> None:
    uid = change.object["metadata"]["uid"]
    if change.type == "DELETED":
        objects[change.kind].pop(uid, None)
    else:
        objects[change.kind][uid] = change.object


class History:
    """A stretch of a recorder's entries, opened by Lab.history()."""

    def __init__(self, recorder: Recorder) -> None:
        """Begin at the newest entry of `recorder`."""
        self.recorder = recorder
        self.start = recorder.sequence
        self.end: int | None = None

    def close(self) -> None:
        """End the stretch at the newest entry."""
        self.end = self.recorder.sequence
