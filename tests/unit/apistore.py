"""What the small API server of the unit tests holds, hears and is told to get wrong."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import re


@dataclass(frozen=True)
class Request:
    """One request that the server got."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any

    @property
    def user(self) -> str:
        """Return whom the request impersonates, or an empty string."""
        return self.headers.get("Impersonate-User", "")


@dataclass
class Fault:
    """An answer prepared for the next requests that fit; a `code` of 0 breaks the connection instead."""

    method: str
    path: re.Pattern[str]
    code: int
    body: Any
    times: int


@dataclass(frozen=True)
class Address:
    """A URL path, taken apart."""

    collection: str
    name: str
    subresource: str

    @classmethod
    def of(cls, path: str) -> Address:
        """Take `path` apart."""
        parts = path.strip("/").split("/")
        rest = 2 if parts[0] == "api" else 3
        if parts[rest] == "namespaces" and len(parts) > rest + 2:
            rest += 2
        name, subresource = (*parts[rest + 1 : rest + 3], "", "")[:2]
        return cls("/" + "/".join(parts[: rest + 1]), name, subresource)


def status(code: int, reason: str, message: str, **details: Any) -> dict[str, Any]:
    """Return a Status of failure, as the API server writes one."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "details": details,
        "code": code,
    }


@dataclass
class Store:
    """The objects, and what happened to them."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    objects: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    version: int = 100
    oldest: int = 0
    breaks: int = 0
    """How often all watches were broken."""
    open_watches: int = 0
    closed: bool = False

    def write(self, type_: str, collection: str, one: dict[str, Any]) -> dict[str, Any]:
        """Enter `one` with a new resourceVersion, and tell it to the watches."""
        with self.changed:
            self.version += 1
            metadata = {"uid": str(uuid.uuid4()), **one["metadata"], "resourceVersion": str(self.version)}
            one = {**one, "metadata": metadata}
            found = self.objects.setdefault(collection, {})
            if type_ == "DELETED":
                found.pop(metadata["name"], None)
            else:
                found[metadata["name"]] = one
            self.events.append((collection, {"type": type_, "object": one}))
            self.changed.notify_all()
            return one


def merged(one: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """Return `one` with what `patch` says, mapping by mapping."""
    result = dict(one)
    for key, value in patch.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result
