"""A small page that shows the cluster's Pods and their logs: on this machine only, and for looking only.

It asks the API server as the identity that records, which may read and nothing else. Its address holds a
secret, since every user and every web page of this machine can open a port of 127.0.0.1.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

import urllib3

from kindlings import objects
from kindlings.cluster.api import KINDS, Refusal
from kindlings.cluster.ports import ADDRESS
from kindlings.conditions import describe_pod
from kindlings.errors import InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.cluster.api import Api
    from kindlings.recorder import Object

_REFRESH: Final = 2
"""Seconds after which the browser asks again."""
_TAIL: Final = "500"
_MOST: Final = str(256 * 1024)
"""Lines and bytes of a log that are shown."""
_PATIENCE: Final = 10.0
_NAME: Final = r"[a-z0-9][a-z0-9.-]{0,252}"
_LOG: Final = re.compile(rf"log/({_NAME})/({_NAME})/({_NAME})(/previous)?")
_SYSTEM: Final = re.compile(r"kube-.*|kindlings-system|local-path-storage")
"""The namespaces that come last: they are hardly ever what is looked for."""

_HEAD: Final = f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="{_REFRESH}">
<meta name="viewport" content="width=device-width"><title>%s</title>
<style>
:root {{ color-scheme: light dark; font: 15px/1.4 system-ui, sans-serif }}
body {{ margin: 1.5rem }} h1 {{ font-size: 1.2rem }} a {{ color: LinkText }}
table {{ border-collapse: collapse }} th, td {{ text-align: left; padding: .25rem .9rem .25rem 0 }}
th {{ border-bottom: 1px solid GrayText }} tr.bad td {{ color: #c22 }} tr.system td {{ opacity: .6 }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere }}
</style>
<h1>%s</h1>
"""
_COLUMNS: Final = ("Namespace", "Pod", "Ready", "Phase", "Status", "Restarts", "Node", "Age", "Logs")


class Dashboard:
    """The page's server, listening from its construction on."""

    def __init__(self, api: Api, port: int = 0) -> None:
        """Listen on `port` of 127.0.0.1 (0: any free one); raises InfrastructureError where it is taken."""
        self.api = api
        self.token = secrets.token_urlsafe(16)
        try:
            self._server = ThreadingHTTPServer((ADDRESS, port), _handler(self))
        except OSError as error:
            raise InfrastructureError(
                f"Port {port} of {ADDRESS} cannot be used: {error.strerror}.",
                "Give another one with --port, or none.",
            ) from None
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        """Return the port that it listens on."""
        return int(self._server.server_port)

    @property
    def url(self) -> str:
        """Return the page's address, with the secret."""
        return f"http://{ADDRESS}:{self.port}/{self.token}/"

    def serve(self) -> None:
        """Answer until `close`, or until Ctrl-C."""
        self._server.serve_forever(poll_interval=0.1)

    def close(self) -> None:
        """Stop listening."""
        self._server.server_close()

    def answer(self, path: str) -> tuple[int, str] | None:
        """Return the status and the page at `path` behind the secret; None where there is nothing."""
        asked = _LOG.fullmatch(path)
        if path and not asked:
            return None
        try:
            if asked:
                return 200, self._log(asked[1], asked[2], asked[3], previous=bool(asked[4]))
            return 200, self._pods()
        except Refusal as refusal:
            return 502, _page("kindlings", f"<p>The API server says: {escape(refusal.message)}</p>")
        except (urllib3.exceptions.HTTPError, ValueError):
            return 502, _page("kindlings", "<p>The API server does not answer.</p>")

    def _pods(self) -> str:
        pods = json.loads(self._fetch(KINDS["Pod"].path())).get("items") or []
        rows = "".join(_row(pod) for pod in sorted(pods, key=_order))
        head = "".join(f"<th>{name}</th>" for name in _COLUMNS)
        return _page("Pods of all namespaces", f"<table><tr>{head}</tr>\n{rows}</table>")

    def _log(self, namespace: str, pod: str, container: str, *, previous: bool) -> str:
        path = KINDS["Pod"].path(namespace, pod, "log")
        query = {"container": container, "tailLines": _TAIL, "limitBytes": _MOST}
        text = self._fetch(path, **query, previous=str(previous).lower())
        title = f"Log of container {container} of Pod {pod}" + (", its previous run" if previous else "")
        up = "../" * (5 if previous else 4)
        return _page(title, f'<p><a href="{up}">All Pods</a></p><pre>{escape(text)}</pre>')

    def _fetch(self, path: str, **query: str) -> str:
        """Ask once: the browser asks again."""
        stream = self.api.stream(path, read_timeout=_PATIENCE, **query)
        try:
            return b"\n".join(stream).decode("utf-8", "replace")
        finally:
            stream.close()


@contextmanager
def served(api: Api) -> Iterator[Dashboard]:
    """Have the page served in the background."""
    page = Dashboard(api)
    thread = threading.Thread(target=page.serve, name="dashboard", daemon=True)
    thread.start()
    try:
        yield page
    finally:
        page._server.shutdown()  # noqa: SLF001 - from another thread than the serving one, so not in close()
        page.close()


def _handler(page: Dashboard) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "kindlings"
        sys_version = ""

        def do_GET(self) -> None:
            """Answer whoever knows the secret, and asks by this host's name: another may be a trick."""
            token, _, path = self.path.removeprefix("/").partition("/")
            known = hmac.compare_digest(token.encode(), page.token.encode())
            here = self.headers.get("Host") in {f"{ADDRESS}:{page.port}", f"localhost:{page.port}"}
            found = page.answer(path) if known and here else None
            code, text = found or (404, _page("kindlings", "<p>There is nothing here.</p>"))
            body = text.encode()
            self.send_response(code)
            for name, value in (
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Length", str(len(body))),
                ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
                ("Cache-Control", "no-store"),
                ("Referrer-Policy", "no-referrer"),
                ("X-Content-Type-Options", "nosniff"),
                ("X-Frame-Options", "DENY"),
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing: the address holds the secret."""

    return Handler


def _page(title: str, body: str) -> str:
    return _HEAD % (escape(title), escape(title)) + body + "\n</html>\n"


def _order(pod: Object) -> tuple[bool, str, str]:
    namespace = pod["metadata"]["namespace"]
    return bool(_SYSTEM.fullmatch(namespace)), namespace, objects.name(pod)


def _row(pod: Object) -> str:
    namespace, name = pod["metadata"]["namespace"], objects.name(pod)
    ready, _, status = describe_pod(pod).partition(" ")
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    restarts = sum(one.get("restartCount", 0) for one in statuses)
    spec = pod.get("spec") or {}
    cells = (
        *(namespace, name, ready, objects.phase(pod), status, str(restarts)),
        *(spec.get("nodeName") or "none", _age(pod)),
    )
    logs = "".join(
        _link(f"log/{namespace}/{name}/{one['name']}", one["name"])
        + (_link(f"log/{namespace}/{name}/{one['name']}/previous", "(previous)") if restarts else "")
        for one in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
    )
    bad = objects.phase(pod) == "Failed" or (objects.trouble(pod) not in {"", "ContainerCreating"})
    kind = "bad" if bad else "system" if _SYSTEM.fullmatch(namespace) else "good"
    shown = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr class="{kind}" id="{escape(namespace)}/{escape(name)}">{shown}<td>{logs}</td></tr>\n'


def _link(where: str, text: str) -> str:
    return f'<a href="{escape(where)}">{escape(text)}</a> '


def _age(pod: Object) -> str:
    made = datetime.fromisoformat(pod["metadata"]["creationTimestamp"])
    seconds = max(int((datetime.now(UTC) - made).total_seconds()), 0)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
