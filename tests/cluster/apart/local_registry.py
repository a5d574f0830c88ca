"""A real image registry on loopback, and a way to it that fails as networks do."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final

import requests
import tenacity

from tests.cluster.apart.debian_packages import programs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kindlings.cluster.engine import Engine

_CONFIGURATION: Final = """\
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}/images}}}}
http: {{addr: "127.0.0.1:0"}}
"""
"""As https://distribution.github.io/distribution/about/configuration describes it; port 0 is any free one."""

_LEAST: Final = 1 << 20
"""Bytes of a blob that is worth cutting in two."""


class Registry:
    """A running registry: its address (host:port)."""

    def __init__(self, address: str) -> None:
        self.address = address

    def push(self, engine: Engine, image: str, name: str) -> str:
        """Push the image of `engine` as `name` (repository:tag); return its digest."""
        with tempfile.NamedTemporaryFile("r") as digest:
            engine.run(
                *("push", "--tls-verify=false", "--digestfile", digest.name, image),
                f"{self.address}/{name}",
            )
            return digest.read().strip()


@contextmanager
def local_registry(folder: Path) -> Iterator[Registry]:
    """Run Debian's docker-registry on a free port of loopback, with all that it keeps in `folder`."""
    path = programs(folder / "programs", {"docker-registry": "docker-registry"})
    configuration, log = folder / "registry.yaml", folder / "registry.log"
    configuration.write_text(_CONFIGURATION.format(folder=folder), encoding="utf-8")
    with (
        log.open("wb") as output,
        subprocess.Popen(
            ["docker-registry", "serve", str(configuration)],  # noqa: S607 - unpacked somewhere in PATH
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as server,
    ):
        try:
            yield Registry(_address(log))
        finally:
            server.terminate()


@tenacity.retry(wait=tenacity.wait_fixed(0.05), stop=tenacity.stop_after_delay(20), reraise=True)
def _address(log: Path) -> str:
    text = log.read_text(encoding="utf-8")
    told = re.search(r"listening on (127\.0\.0\.1:\d+)", text)
    assert told, f"docker-registry says:\n{text}"
    return told[1]


class BadWay(ThreadingHTTPServer):
    """A proxy before a registry that cuts blobs in the middle while `cutting`, and lies where told to."""

    def __init__(self, registry: Registry) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.registry = registry
        self.cutting = False
        self.cuts = 0
        """How many connections were cut."""
        self.lies: dict[str, str] = {}
        """From the digest that is asked for to the one whose content is given instead."""

    @property
    def address(self) -> str:
        """Return host:port."""
        return f"127.0.0.1:{self.server_port}"


@contextmanager
def bad_way(registry: Registry) -> Iterator[BadWay]:
    """Have a BadWay to `registry` that is good as yet."""
    with BadWay(registry) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: BadWay
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Hand on what the registry answers."""
        path = self.path
        for asked, given in self.server.lies.items():
            path = path.replace(asked, given)
        # An engine sends one Accept for each kind of manifest that it takes.
        headers = {name: ", ".join(self.headers.get_all(name, ())) for name in {*self.headers} - {"Host"}}
        address = f"http://{self.server.registry.address}{path}"
        answer = requests.request(self.command, address, headers=headers, timeout=30)
        body = answer.content
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name.lower() not in {"connection", "date", "server", "docker-content-digest"}:
                self.send_header(name, value)
        self.end_headers()
        if self.server.cutting and len(body) >= _LEAST:
            body = body[: len(body) // 2]
            self.server.cuts += 1
            self.close_connection = True
        self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""
