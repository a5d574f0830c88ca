"""What set-up shows, on terminals and in logs."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from kindlings.console import PlainProgress, RichProgress, duration, make_progress

if TYPE_CHECKING:
    from collections.abc import Callable


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Give a clock that moves only by hand."""
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])

    def move(seconds: float) -> None:
        now[0] += seconds

    return move


def test_a_log_gets_a_line_every_tenth_and_the_time(clock: Callable[[float], None]) -> None:
    """Ten lines at most for a quick step, however often it moves."""
    stream = io.StringIO()
    with PlainProgress(stream).step("Building", 1000) as step:
        for _ in range(1000):
            clock(0.1)
            step.advance(1, "x")
    lines = stream.getvalue().splitlines()
    assert lines[0] == "Building ..."
    assert lines[1] == "Building: 10%, x"
    assert lines[-1] == "Building: done in 1 min 40 s"
    assert len(lines) <= 12


def test_a_slow_step_is_seen_to_move(clock: Callable[[float], None]) -> None:
    """A line comes at least every 15 s in which the step says anything."""
    stream = io.StringIO()
    with PlainProgress(stream).step("Building", 100) as step:
        for _ in range(4):
            clock(16)
            step.advance(0, "still here")
    assert stream.getvalue().count("still here") == 4


def test_a_failed_step_is_not_called_done() -> None:
    """A step that ends in an error shows no time."""
    stream = io.StringIO()
    with pytest.raises(ValueError, match="x"), PlainProgress(stream).step("Building", 1):
        raise ValueError("x")
    assert "done" not in stream.getvalue()


def test_a_terminal_keeps_findings_and_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bars go when they are done; what was found and how long it took stays. Steps may be nested."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("CI", raising=False)
    stream = Terminal()
    progress = make_progress(stream)
    assert isinstance(progress, RichProgress)
    with progress.step("Outer [1/2]", 2) as outer, progress.step("Inner", 1) as inner:
        inner.advance()
        outer.advance(1, "[note]")
        progress.say("found [it]")
    text = stream.getvalue()
    assert "found [it]" in text
    assert "Inner: done in" in text
    assert "Outer [1/2]: done in" in text


@pytest.mark.parametrize(
    ("stream", "variables"),
    [(io.StringIO(), {"TERM": "xterm"}), (Terminal(), {"TERM": "dumb"}), (Terminal(), {"CI": "true"})],
)
def test_where_nobody_watches_there_are_lines(
    stream: io.StringIO, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files, dumb terminals and CI get plain text."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert isinstance(make_progress(stream), PlainProgress)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.44, "0.4 s"), (9.96, "10 s"), (59.4, "59 s"), (185, "3 min 05 s")]
)
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    """Tenths below ten seconds, minutes above sixty."""
    assert duration(seconds) == text
