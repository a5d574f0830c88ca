"""Tests of what `kindlings watch` shows, on a terminal and on a dumb one."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live

from kindlings.desk.watch.screen import LiveScreen, PlainScreen, View

if TYPE_CHECKING:
    import pytest


def view(*pods: tuple[str, str, str, str]) -> View:
    """Return a view of Pods that were created a minute ago."""
    made = (datetime.now(UTC) - timedelta(seconds=60)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return View("judging 1 of 4, 3 s: it_runs", "module1-x", [[*pod, made] for pod in pods])


def test_a_dumb_terminal_gets_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each Pod that changes, and no colour."""
    screen = PlainScreen()
    screen.say("\x1b[1mbold\x1b[0m")
    screen.show(view(("counter", "0/1", "Pending", "0")))
    screen.show(view(("counter", "0/1", "Pending", "0")))
    screen.show(view(("counter", "1/1", "Running", "0")))
    screen.show(view())
    assert capsys.readouterr().out.splitlines() == [
        "bold",
        "  pod counter 0/1 Pending, restarts 0",
        "  pod counter 1/1 Running, restarts 0",
        "  pod counter gone",
    ]


def test_a_terminal_gets_a_table() -> None:
    """The Pods of the lab, what is judged, and the keys; of many Pods the first ten."""
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=80, color_system="standard")
    with Live(console=console, auto_refresh=False) as live:
        LiveScreen(live).show(view(("counter", "0/1", "ErrImagePull", "0")))
        shown = stream.getvalue()
        assert "module1-x" in shown
        assert "NAME" in shown
        assert "\x1b[31mcounter" in shown  # red
        assert "judging 1 of 4" in shown
        assert "q quit" in shown
        LiveScreen(live).show(view(*(("counter", "1/1", "Running", str(n)) for n in range(12))))
        assert "and 2 more" in stream.getvalue()
        assert "\x1b[32mcounter" in stream.getvalue()
        assert "\x1b[33mcounter" in stream.getvalue()


def test_long_lines_can_be_copied() -> None:
    """The terminal wraps them, not the screen: a command stays one line."""
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=40)
    with Live(console=console, auto_refresh=False) as live:
        LiveScreen(live).say("look " + "x" * 100)
    assert "look " + "x" * 100 in stream.getvalue()


def test_a_wide_terminal_can_be_made_narrow() -> None:
    """What is drawn anew is never wide: a terminal made narrower would break it, and keep half of it."""
    stream = io.StringIO()
    console = Console(file=stream, width=200)
    with Live(console=console, auto_refresh=False) as live:
        shown = view(("counter", "1/1", "Running", "0"))
        shown.status = "judging " + "x" * 150
        LiveScreen(live).show(shown)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 5
    assert max(map(len, lines)) == 80
