"""What the end of a command in a container says of the container."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from kindlings.cluster import exec as remote

if TYPE_CHECKING:
    from collections.abc import Iterator

REFUSED = remote.Result(None, reason="forbidden", served=False)
GONE = remote.Result(None, reason="container not found")


@pytest.mark.parametrize(
    ("answers", "lives"),
    [
        ((remote.Result(0),), True),
        ((remote.Result(1),), True),
        ((GONE,), False),
        ((REFUSED, remote.Result(0)), True),
        ((REFUSED, GONE), False),
    ],
)
def test_a_server_that_refuses_says_nothing_of_a_container(
    monkeypatch: pytest.MonkeyPatch, answers: tuple[remote.Result, ...], *, lives: bool
) -> None:
    """Only what a node has said tells whether a container lives; a server that refuses is asked again."""
    left: Iterator[remote.Result] = iter(answers)
    monkeypatch.setattr(remote, "attempt", lambda *_: next(left))
    assert remote.alive(api(), "lab", "counter", "count") == lives
    assert not list(left)


@pytest.mark.parametrize(
    ("said", "reason", "served"),
    [
        ("Handshake status 403 Forbidden -+-+- {} -+-+- b'no'", "b'no'", False),
        ("Handshake status 503 Service Unavailable -+-+- {} -+-+- b''", "b''", False),
        ("[Errno 111] Connection refused", "[Errno 111] Connection refused", False),
        ("Handshake status 500 Internal Server Error -+-+- {} -+-+- b'gone'", "b'gone'", True),
        ("Handshake status 404 Not Found -+-+- {} -+-+- b'no Pod'", "b'no Pod'", True),
    ],
)
def test_what_the_server_has_not_handed_on_is_told_apart(
    monkeypatch: pytest.MonkeyPatch, said: str, reason: str, *, served: bool
) -> None:
    """The client's words begin with the status of the answer, if there was one."""
    from kubernetes.client.exceptions import ApiException  # noqa: PLC0415 - takes half a second
    from kubernetes.stream import ws_client  # noqa: PLC0415 - the same

    def call(*_: Any, **__: Any) -> None:
        raise ApiException(status=0, reason=said)

    monkeypatch.setattr(ws_client, "websocket_call", call)
    assert remote.attempt(api(), "lab", "counter", "count", ["true"]) == remote.Result(
        None, reason=reason, served=served
    )


def api() -> Any:
    """Return as much of the API as these calls need."""
    return SimpleNamespace(
        client=SimpleNamespace(configuration=None), server="https://127.0.0.1:1", credentials={}
    )
