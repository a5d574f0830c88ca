"""The only way to a cluster's API server, which can be cut: as if the cluster, or the network, were gone."""

from __future__ import annotations

import socket
import socketserver
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType


class Way:
    """From a port of this machine to another one; each connection has two threads."""

    def __init__(self, leads_to: int) -> None:
        """Open the way to a port of this machine's."""
        self._leads_to = leads_to
        self._server = _Server(leads_to, 0)
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> Self:
        """Give the way, open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        self.cut()

    def cut(self) -> None:
        """End what goes through, and let nothing through any more."""
        self._server.end()

    def mend(self) -> None:
        """Open the way again, at the same port."""
        self._server = _Server(self._leads_to, self.port)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, leads_to: int, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Through)
        self.leads_to = leads_to
        self.ends: list[socket.socket] = []
        self._ended = False
        Thread(target=self.serve_forever, daemon=True).start()

    def end(self) -> None:
        if self._ended:
            return
        self._ended = True
        self.shutdown()
        self.server_close()
        for end in self.ends:
            _shut(end)


class _Through(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        """Pass on what comes from either side until one ends."""
        with socket.create_connection(("127.0.0.1", self.server.leads_to)) as there:
            self.server.ends += [self.request, there]
            back = Thread(target=_pass_on, args=(there, self.request), daemon=True)
            back.start()
            _pass_on(self.request, there)
            back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    _shut(source)
    _shut(target)


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
