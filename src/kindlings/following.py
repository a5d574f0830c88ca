"""A container's log, followed line by line as the container writes it."""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import TYPE_CHECKING, Final

import urllib3

from kindlings.cluster.api import KINDS, Refusal
from kindlings.conditions import NotYet
from kindlings.errors import InfrastructureError
from kindlings.logs import Line, LogView

if TYPE_CHECKING:
    from kindlings.cluster.api import Api
    from kindlings.conditions import Verdict
    from kindlings.logs import LogCondition

PATIENCE: Final = 10.0
"""Seconds that a line may be awaited once the container runs."""

_END: Final = {"tailLines": "20", "limitBytes": "65536"}
"""What an explanation takes of a log: a container may write lines without an end."""

_NO_WATCHER: Final = "failed to create fsnotify watcher"
"""What the kubelet writes into a followed log where fs.inotify.max_user_instances is used up."""


def follow(
    api: Api, namespace: str, pod: str, container: str, condition: LogCondition, timeout: float
) -> Verdict:
    """Follow the log until `condition` is Met or Impossible, or `timeout` seconds are over.

    Raises urllib3's HTTPError where the connection breaks, InfrastructureError where the node cannot follow.
    """
    deadline = time.monotonic() + timeout
    query = {"follow": "true", "timestamps": "true"} | ({"container": container} if container else {})
    view = LogView()
    try:
        stream = api.stream(KINDS["Pod"].path(namespace, pod, "log"), read_timeout=timeout, **query)
    except Refusal as refusal:
        view.refusal = refusal.message
        return condition.check(view)
    verdict = condition.check(view)
    try:
        for raw in stream:
            view.lines.append(_line(raw))
            if _NO_WATCHER in view.lines[-1].text:
                raise InfrastructureError(
                    f"The node cannot follow the log of container {container} of Pod {pod}: {_NO_WATCHER}.",
                    "Run `kindlings doctor`: it looks at the limits of inotify.",
                )
            verdict = condition.check(view)
            if not isinstance(verdict, NotYet) or time.monotonic() > deadline:
                return verdict
        view.ended = True
        return condition.check(view)
    except urllib3.exceptions.ReadTimeoutError:
        return verdict
    finally:
        stream.close()


def last(api: Api, namespace: str, pod: str, container: str) -> str:
    """Return the end of a container's log, of its last run where the present one said nothing yet."""
    path = KINDS["Pod"].path(namespace, pod, "log")
    for previous in ("false", "true"):
        try:
            text = api.text(path, container=container, previous=previous, **_END)
        except (Refusal, urllib3.exceptions.HTTPError):
            continue
        if text.strip():
            return text
    return ""


def _line(raw: bytes) -> Line:
    stamp, _, text = raw.decode("utf-8", "replace").partition(" ")
    try:
        # The runtime writes nanoseconds, Python reads microseconds.
        at = datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", stamp)).timestamp()
    except ValueError:
        return Line(0.0, f"{stamp} {text}")
    return Line(at, text)
