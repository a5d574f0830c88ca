"""The dashboard's page: who gets it, what it shows, and what it does not let through."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any, cast

import pytest
import urllib3

from kindlings.cluster.api import Refusal
from kindlings.dashboard import Dashboard, served
from kindlings.errors import InfrastructureError
from tests.unit import fakes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.cluster.api import Api
    from kindlings.recorder import Object


class _Stream(list[bytes]):
    def close(self) -> None:
        """Be closed."""


class _Api:
    """An API server that has `pods` and one log, and remembers what it was asked."""

    def __init__(self) -> None:
        self.pods: list[Object] = []
        self.log = b""
        self.trouble: Exception | None = None
        self.asked: list[tuple[str, dict[str, str]]] = []

    def stream(self, path: str, *, read_timeout: float, **query: str) -> _Stream:
        """Answer."""
        assert read_timeout > 0
        self.asked.append((path, query))
        if self.trouble:
            raise self.trouble
        return _Stream([self.log if path.endswith("/log") else json.dumps({"items": self.pods}).encode()])


def pod(name: str, namespace: str = "default", **more: Any) -> Object:
    """Return a Pod as a list of all namespaces has it."""
    made = fakes.pod(name, **more)
    made["metadata"] |= {"namespace": namespace, "creationTimestamp": "2026-01-01T00:00:00Z"}
    return made


@pytest.fixture
def api() -> _Api:
    """Give an API server."""
    return _Api()


@pytest.fixture
def page(api: _Api) -> Iterator[Dashboard]:
    """Give a page that is served."""
    with served(cast("Api", api)) as found:
        yield found


def ask(page: Dashboard, path: str, method: str = "GET", **headers: str) -> tuple[int, str, dict[str, str]]:
    """Return the status, the text and the headers of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=5)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text, dict(answer.getheaders())


def test_it_shows_pods_with_phase_status_and_restarts(page: Dashboard, api: _Api) -> None:
    """Of all namespaces, the learner's before the system's, with links to each container's log."""
    api.pods = [
        pod("etcd", "kube-system"),
        pod("greeter", "lab", statuses=[fakes.crashed(restarts=3)], ready=False),
    ]
    code, text, _ = ask(page, f"/{page.token}/")
    assert code == 200
    assert text.index("greeter") < text.index("etcd")
    row = text[text.index('id="lab/greeter"') :].partition("</tr>")[0]
    for cell in ("lab", "greeter", "0/1", "Running", "3", "worker"):
        assert f"<td>{cell}</td>" in row
    assert 'href="log/lab/greeter/count"' in row
    assert 'href="log/lab/greeter/count/previous"' in row


def test_it_shows_a_log(page: Dashboard, api: _Api) -> None:
    """The end of it, as text and not as a page."""
    api.log = b"Hello, <script>alert(1)</script>"
    code, text, _ = ask(page, f"/{page.token}/log/lab/greeter/count/previous")
    assert code == 200
    assert "Hello, &lt;script&gt;" in text
    assert "<script" not in text
    path, query = api.asked[-1]
    assert path == "/api/v1/namespaces/lab/pods/greeter/log"
    assert (query["container"], query["previous"], query["tailLines"]) == ("count", "true", "500")


@pytest.mark.parametrize("path", ["/", "/wrong/", "/{token}x/", "/wrong/log/lab/greeter/count"])
def test_without_the_secret_there_is_nothing(page: Dashboard, api: _Api, path: str) -> None:
    """Whatever is asked for, and nothing is asked of the cluster."""
    api.pods = [pod("greeter")]
    code, text, _ = ask(page, path.format(token=page.token))
    assert code == 404
    assert "greeter" not in text
    assert api.asked == []


def test_another_host_name_is_a_trick(page: Dashboard, api: _Api) -> None:
    """A page of the web whose name leads to 127.0.0.1 gets nothing."""
    assert ask(page, f"/{page.token}/", Host=f"evil.example:{page.port}")[0] == 404
    assert api.asked == []


@pytest.mark.parametrize(
    "path", ["log/lab/../secrets/x", "log/lab/a%2fb/x", "log/lab/greeter", "x", "log/LAB/a/b"]
)
def test_only_names_get_into_the_apis_path(page: Dashboard, api: _Api, path: str) -> None:
    """What is no name of a Pod leads nowhere."""
    assert ask(page, f"/{page.token}/{path}")[0] == 404
    assert api.asked == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_it_is_for_looking_only(page: Dashboard, method: str) -> None:
    """No other method is answered."""
    assert ask(page, f"/{page.token}/", method)[0] == 501


def test_the_browser_keeps_and_tells_nothing(page: Dashboard) -> None:
    """No cache, no referrer, no scripts, no frame."""
    _, _, headers = ask(page, f"/{page.token}/")
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (Refusal(400, {"message": "container <x> is waiting to start"}), "container &lt;x&gt; is waiting"),
        (urllib3.exceptions.HTTPError("refused"), "does not answer"),
    ],
)
def test_a_server_that_is_away_is_said(page: Dashboard, api: _Api, trouble: Exception, words: str) -> None:
    """The page says so, and asks again."""
    api.trouble = trouble
    code, text, _ = ask(page, f"/{page.token}/")
    assert code == 502
    assert words in text
    assert 'http-equiv="refresh"' in text


def test_a_port_that_is_taken_is_no_traceback(page: Dashboard, api: _Api) -> None:
    """It says which, and what to do."""
    with pytest.raises(InfrastructureError, match=f"Port {page.port} .* cannot be used"):
        Dashboard(cast("Api", api), page.port)
