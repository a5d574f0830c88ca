"""Puts `kindlings watch` together: its screen, its ears, and its end."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from kindlings.desk import storage
from kindlings.desk.watch import keys, saves, screen
from kindlings.desk.watch.screen import PlainScreen
from kindlings.desk.watch.watching import Pressed, Remark, Saved, Watch
from kindlings.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.desk.home import Home


def run(place: Home, module: str | None, *, plain: bool) -> int:
    """Watch until the user ends it; return the exit code.

    Raises UsageError where another watch is at work in the folder, KeyboardInterrupt on Ctrl-C.
    """
    with alone(place), contextlib.ExitStack() as stack:
        dumb = plain or not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb"
        watch = Watch(place, module, PlainScreen() if dumb else stack.enter_context(screen.live()))
        stack.enter_context(_ended_by(signal.SIGHUP, signal.SIGTERM, watch=watch))
        stack.enter_context(
            saves.told(
                place.exercises,
                lambda paths: watch.put(Saved(frozenset(paths), time.monotonic())),
                lambda text: watch.put(Remark(text)),
            )
        )
        if not dumb and sys.stdin.isatty():
            stack.enter_context(keys.pressed(sys.stdin.fileno(), lambda key: watch.put(Pressed(key))))
        watch.loop()
    return ExitCode.OK


@contextlib.contextmanager
def alone(place: Home) -> Iterator[None]:
    """Be the only watch in a course folder: two would judge each save twice."""
    from filelock import FileLock, Timeout  # noqa: PLC0415 - kept with its like

    storage.prepare(place)
    lock = FileLock(place.state / "watch.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise UsageError(
            f"`kindlings watch` is at work in {place.path} already, in another window.",
            "Use that one, or end it with q.",
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _ended_by(*signals: signal.Signals, watch: Watch) -> Iterator[None]:
    """Let these signals, such as that of a closed terminal, end the watch as q does."""
    before = {one: signal.signal(one, lambda *_: watch.put(Pressed(""))) for one in signals}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
