"""A small API server on a real socket: enough of Kubernetes to list, watch, create, patch, delete and fail.

It runs nothing: objects stay as a test puts them. Watches behave as the real ones do in what a client can
see: chunked lines, resumption at a resourceVersion, 410 for one that is too old, connections that break.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, urlsplit

from kindlings.selectors import matches
from tests.unit.apistore import Address, Fault, Request, Store, merged, status

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.cluster.api import Kind

NAMESPACE = "lab"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class FakeApiServer:
    """The server: `put`, `remove` and the ways of failing are for tests, everything else is HTTP."""

    def __init__(self) -> None:
        self.store = Store()
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.allows = True
        self.expires_in_stream = False
        """Whether an expired watch is answered by an ERROR event rather than by HTTP 410."""
        self.port = 0
        self._connections: set[socket.socket] = set()
        self._http: ThreadingHTTPServer
        self.up()

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def write_kubeconfig(self, path: Path, context: str = "kind-fake") -> Path:
        """Write a kubeconfig that leads here; returns `path`."""
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": context,
            "clusters": [{"name": "fake", "cluster": {"server": self.url}}],
            "users": [{"name": "admin", "user": {"token": "administrator"}}],
            "contexts": [{"name": context, "context": {"cluster": "fake", "user": "admin"}}],
        }
        path.write_text(json.dumps(content))
        return path

    # What happens in the cluster.

    def put(self, kind: Kind, one: dict[str, Any], namespace: str = NAMESPACE) -> dict[str, Any]:
        """Let the object be there, changed where one of its name is there; returns it as stored."""
        collection = kind.path(namespace)
        old = self.store.objects.get(collection, {}).get(one["metadata"]["name"])
        metadata = {"namespace": namespace, **one["metadata"]}
        if old is not None:
            metadata.setdefault("uid", old["metadata"]["uid"])
        typed = {"kind": kind.kind, "apiVersion": kind.group_version, **one, "metadata": metadata}
        return self.store.write("MODIFIED" if old else "ADDED", collection, typed)

    def remove(self, kind: Kind, name: str, namespace: str = NAMESPACE) -> None:
        """Let the object be gone."""
        collection = kind.path(namespace)
        self.store.write("DELETED", collection, self.store.objects[collection][name])

    def bookmark(self, kind: Kind, namespace: str = NAMESPACE) -> str:
        """Send the watches of `kind` a bookmark; returns its resourceVersion."""
        with self.store.changed:
            self.store.version += 1
            version = str(self.store.version)
            one = {
                "kind": kind.kind,
                "apiVersion": kind.group_version,
                "metadata": {"resourceVersion": version},
            }
            self.store.events.append((kind.path(namespace), {"type": "BOOKMARK", "object": one}))
            self.store.changed.notify_all()
            return version

    # How it fails.

    def answer(self, method: str, path: str, code: int, body: Any = None, times: int = 1) -> None:
        """Answer the next `times` requests of `method` whose path fits the expression `path` with this."""
        self.faults.append(Fault(method, re.compile(path), code, body, times))

    def break_watches(self) -> None:
        """Break the connection of every watch, in the middle of its answer."""
        with self.store.changed:
            self.store.breaks += 1
            self.store.changed.notify_all()

    def forget(self) -> None:
        """Let every resourceVersion up to now be too old to watch from."""
        with self.store.changed:
            self.store.version += 1
            self.store.oldest = self.store.version

    def down(self) -> None:
        """Go away: nobody listens, and every connection breaks."""
        self.break_watches()
        self._http.shutdown()
        self._http.server_close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def up(self) -> None:
        """Listen, at the same port as before."""
        self._http = _Http(("127.0.0.1", self.port), self)
        self.port = self._http.server_address[1]
        serve = lambda: self._http.serve_forever(poll_interval=0.01)  # noqa: E731
        threading.Thread(target=serve, name="fake-apiserver", daemon=True).start()

    def close(self) -> None:
        """End for good."""
        with self.store.changed:
            self.store.closed = True
        with contextlib.suppress(OSError):
            self.down()

    # What it was asked.

    def asked(self, method: str, path: str, **query: str) -> list[Request]:
        """Return the requests of `method` whose path fits the expression, and whose query has `query`."""
        return [
            one
            for one in list(self.requests)
            if one.method == method and re.search(path, one.path) and query.items() <= one.query.items()
        ]


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], fake: FakeApiServer) -> None:
        self.fake = fake
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away in the middle of an answer is part of the play."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def fake(self) -> FakeApiServer:
        return cast("_Http", self.server).fake

    def setup(self) -> None:
        super().setup()
        self.fake._connections.add(self.connection)

    def finish(self) -> None:
        self.fake._connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def _handle(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        query = dict(parse_qsl(url.query))
        self.fake.requests.append(Request(self.command, url.path, query, dict(self.headers), body))
        for fault in self.fake.faults:
            if fault.times and fault.method == self.command and fault.path.search(url.path):
                fault.times -= 1
                self._fail(fault)
                return
        where = Address.of(url.path)
        match self.command:
            case "GET" if query.get("watch") == "true":
                self._watch(where.collection, query)
            case "GET":
                self._get(where, query)
            case "POST":
                self._create(url.path, where, body)
            case "PATCH":
                self._patch(where, body)
            case "DELETE":
                self._delete(where)

    do_GET = do_POST = do_PATCH = do_DELETE = _handle  # noqa: N815 - the base class's names

    def _fail(self, fault: Fault) -> None:
        if fault.code:
            self._send(fault.code, fault.body)
        else:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, code: int, body: Any) -> None:
        raw = body.encode() if isinstance(body, str) else json.dumps(body or {}).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def _not_found(self, where: Address) -> None:
        kind = where.collection.rpartition("/")[2]
        self._send(404, status(404, "NotFound", f'{kind} "{where.name}" not found'))

    def _get(self, where: Address, query: dict[str, str]) -> None:
        store = self.fake.store
        with store.changed:
            found = dict(store.objects.get(where.collection, {}))
            version = str(store.version)
        if where.name:
            one = found.get(where.name)
            self._send(200, one) if one else self._not_found(where)
            return
        wanted = query.get("labelSelector", "")
        items = [
            {key: value for key, value in one.items() if key not in {"kind", "apiVersion"}}
            for one in found.values()
            if matches(wanted, one["metadata"].get("labels") or {})
        ]
        self._send(200, {"kind": "List", "metadata": {"resourceVersion": version}, "items": items})

    def _create(self, path: str, where: Address, body: Any) -> None:
        if path == REVIEWS:
            self._send(201, {**body, "status": {"allowed": self.fake.allows}})
            return
        store = self.fake.store
        name = body["metadata"]["name"]
        if name in store.objects.get(where.collection, {}):
            kind = where.collection.rpartition("/")[2]
            self._send(409, status(409, "AlreadyExists", f'{kind} "{name}" already exists'))
            return
        self._send(201, store.write("ADDED", where.collection, body))

    def _patch(self, where: Address, body: Any) -> None:
        store = self.fake.store
        one = store.objects.get(where.collection, {}).get(where.name)
        if one is None:
            self._not_found(where)
            return
        self._send(200, store.write("MODIFIED", where.collection, merged(one, body)))

    def _delete(self, where: Address) -> None:
        store = self.fake.store
        one = store.objects.get(where.collection, {}).get(where.name)
        if one is None:
            self._not_found(where)
            return
        self._send(200, store.write("DELETED", where.collection, one))

    def _watch(self, collection: str, query: dict[str, str]) -> None:
        store, since = self.fake.store, int(query["resourceVersion"])
        gone = status(410, "Expired", f"too old resource version: {since} ({store.oldest})")
        if since < store.oldest and not self.fake.expires_in_stream:
            self._send(410, gone)
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if since < store.oldest:
            self._line({"type": "ERROR", "object": gone})
            self.wfile.write(b"0\r\n\r\n")
            return
        # A second of the real server's is a moment here.
        until = time.monotonic() + 0.02 if "timeoutSeconds" in query else None
        store.open_watches += 1
        try:
            if self._follow(collection, since, until):
                self.wfile.write(b"0\r\n\r\n")
        finally:
            store.open_watches -= 1
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    def _follow(self, collection: str, since: int, until: float | None) -> bool:
        """Send the collection's events after `since`; tell whether that ended in order, at `until`."""
        store, position, breaks = self.fake.store, 0, self.fake.store.breaks
        while until is None or time.monotonic() < until:
            with store.changed:
                left = None if until is None else max(until - time.monotonic(), 0)
                if len(store.events) == position and store.breaks == breaks and not store.closed:
                    store.changed.wait(left)
                if store.breaks != breaks or store.closed:
                    return False
                new = store.events[position:]
                position = len(store.events)
            for where, event in new:
                if where == collection and int(event["object"]["metadata"]["resourceVersion"]) > since:
                    self._line(event)
        return True

    def _line(self, event: dict[str, Any]) -> None:
        raw = json.dumps(event).encode() + b"\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(raw), raw))
