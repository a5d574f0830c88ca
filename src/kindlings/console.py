"""What set-up shows while it works: bars on a terminal, plain lines in CI and in files."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from kindlings.progress import Progress, Step

_SECONDS: Final = 15.0
"""A plain line at most this often, so that a log stays short and is still seen to move."""
_SHARE: Final = 0.1


def make_progress(stream: TextIO) -> Progress:
    """Return the progress that suits `stream`: bars where a person watches, lines elsewhere."""
    watched = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb" and not os.environ.get("CI")
    return RichProgress(stream) if watched else PlainProgress(stream)


def duration(seconds: float) -> str:
    """Return a time as people say it: "0.4 s", "12 s", "3 min 05 s"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


@dataclass
class _PlainStep:
    progress: PlainProgress
    title: str
    total: float
    told_at: float
    done: float = 0.0
    told_share: float = 0.0

    def advance(self, amount: float = 1, note: str = "") -> None:
        self.done += amount
        share = min(self.done / self.total, 1.0) if self.total else 0.0
        now = time.monotonic()
        # The end is told when the step closes.
        moved = self.told_share + _SHARE <= share < 0.999
        if moved or now - self.told_at >= _SECONDS:
            self.told_at, self.told_share = now, share
            self.progress.say(f"{self.title}: {share:.0%}" + (f", {note}" if note else ""))


class PlainProgress:
    """Lines of text, each flushed as it is written."""

    def __init__(self, stream: TextIO) -> None:
        """Write to `stream`."""
        self._stream = stream

    def say(self, text: str) -> None:
        """Write one line."""
        self._stream.write(f"{text}\n")
        self._stream.flush()

    @contextmanager
    def step(self, title: str, total: float) -> Iterator[Step]:
        """Write a line at the start, some on the way, and the time at the end."""
        started = time.monotonic()
        self.say(f"{title} ...")
        yield _PlainStep(self, title, total, started)
        self.say(f"{title}: done in {duration(time.monotonic() - started)}")


@dataclass
class _RichStep:
    bars: Bars
    task: TaskID

    def advance(self, amount: float = 1, note: str = "") -> None:
        self.bars.update(self.task, advance=amount, note=note)


class RichProgress:
    """One live bar for each open step, findings above them."""

    def __init__(self, stream: TextIO) -> None:
        """Draw on the terminal `stream`."""
        from rich.console import Console  # noqa: PLC0415 - 0.1 s that `kindlings --help` does not need

        self._console: Console = Console(file=stream, highlight=False)
        self._bars: Bars | None = None

    def say(self, text: str) -> None:
        """Write one line, above the bars."""
        self._console.print(text, markup=False)

    @contextmanager
    def step(self, title: str, total: float) -> Iterator[Step]:
        """Show a bar while the step is open, and leave its time when it is done."""
        started = time.monotonic()
        with self._drawn() as bars:
            task = bars.add_task(title, total=total, note="")
            try:
                yield _RichStep(bars, task)
            finally:
                bars.remove_task(task)
            self.say(f"{title}: done in {duration(time.monotonic() - started)}")

    @contextmanager
    def _drawn(self) -> Iterator[Bars]:
        """Yield the bars on the screen: a step within a step shares its outer one's."""
        if self._bars is not None:
            yield self._bars
            return
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - as above
        from rich.progress import Progress as Bars  # noqa: PLC0415

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", style="dim", markup=False),
        )
        with Bars(*columns, console=self._console, transient=True) as bars:
            self._bars = bars
            try:
                yield bars
            finally:
                self._bars = None
