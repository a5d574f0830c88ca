"""What `kindlings watch` shows: lines that stay, and below them, on a terminal, the Pods of the lab."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, RenderableType
    from rich.live import Live
    from rich.table import Table

KEYS: Final = {"n": "next", "h": "hint", "l": "list", "s": "solution", "q": "quit"}
_ROWS: Final = 10
"""Pods shown at most: the lines above should stay in sight."""
_WIDTH: Final = 80
"""Columns used at most. A terminal made narrower breaks each longer line in two, which moves them all down:
the next drawing would begin too low, and leave the upper lines of this one for good."""
_GOOD: Final = frozenset({"Running", "Succeeded", "Completed"})
_COMING: Final = frozenset({"Pending", "ContainerCreating", "PodInitializing", "Terminating"})


@dataclass
class View:
    """What is going on: a line for the run, and the Pods of its lab as the judge tells them."""

    status: str = ""
    namespace: str = ""
    pods: Sequence[Sequence[str]] = field(default_factory=tuple)
    """Of each Pod its name, ready, status, restarts, and when it was created."""


class Screen(Protocol):
    """Where it is shown."""

    def say(self, text: str = "") -> None:
        """Add lines that stay."""

    def show(self, view: View) -> None:
        """Show what is going on now."""


class PlainScreen:
    """Lines only, for files, dumb terminals and readers of screens: a Pod that changes is a line."""

    def __init__(self) -> None:
        """Begin with nothing shown."""
        self._told: dict[str, str] = {}
        self._namespace = ""

    def say(self, text: str = "") -> None:
        """Write lines."""
        click.echo(text, color=False)

    def show(self, view: View) -> None:
        """Write a line for each Pod that is not as it was."""
        if view.namespace != self._namespace:
            self._namespace, self._told = view.namespace, {}
        now = {
            name: f"{ready} {status}, restarts {restarts}" for name, ready, status, restarts, _ in view.pods
        }
        for name, line in now.items():
            if self._told.get(name) != line:
                click.echo(f"  pod {name} {line}")
        for name in self._told.keys() - now.keys():
            click.echo(f"  pod {name} gone")
        self._told = now


class LiveScreen:
    """A terminal: what stays scrolls above, and the Pods stand below it."""

    def __init__(self, live: Live) -> None:
        """Draw by `live`."""
        self._live = live

    def say(self, text: str = "") -> None:
        """Write lines above the Pods; they are wrapped by the terminal alone, so that they can be copied."""
        from rich.text import Text  # noqa: PLC0415 - see live()

        self._live.console.print(Text.from_ansi(text), soft_wrap=True)

    def show(self, view: View) -> None:
        """Draw the Pods anew."""
        self._live.update(_drawn(view), refresh=True)


@contextmanager
def live() -> Iterator[LiveScreen]:
    """Have the terminal for a while."""
    from rich.console import Console  # noqa: PLC0415 - a tenth of a second, and only this needs it
    from rich.live import Live  # noqa: PLC0415 - the same

    console: Console = Console(highlight=False)
    with Live(console=console, auto_refresh=False, transient=True) as drawn:
        yield LiveScreen(drawn)


def _drawn(view: View) -> RenderableType:
    from rich.console import Group  # noqa: PLC0415 - see live()
    from rich.constrain import Constrain  # noqa: PLC0415 - the same
    from rich.rule import Rule  # noqa: PLC0415 - the same
    from rich.text import Text  # noqa: PLC0415 - the same

    keys = Text("  ".join(f"{key} {word}" for key, word in KEYS.items()), style="dim")
    parts: list[RenderableType] = [Rule(view.namespace or "", style="dim", align="left")]
    if view.pods:
        parts.append(_table(view.pods))
    status = Text(view.status, no_wrap=True, overflow="ellipsis")
    return Constrain(Group(*parts, status, keys), _WIDTH)


def _table(pods: Sequence[Sequence[str]]) -> Table:
    from rich.table import Table  # noqa: PLC0415 - see live()

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    for title in ("NAME", "READY", "STATUS", "RESTARTS", "AGE"):
        table.add_column(title, no_wrap=True, overflow="ellipsis")
    for name, ready, status, restarts, made in pods[:_ROWS]:
        table.add_row(name, ready, status, restarts, _age(made), style=_style(ready, status, restarts))
    if len(pods) > _ROWS:
        table.add_row(f"and {len(pods) - _ROWS} more")
    return table


def _style(ready: str, status: str, restarts: str) -> str:
    """Return the colour of what matters: red for trouble, yellow for what is coming or was restarted."""
    if status in _COMING:
        return "yellow"
    if status not in _GOOD:
        return "red"
    have, _, want = ready.partition("/")
    whole = status != "Running" or have == want
    return "green" if whole and restarts == "0" else "yellow"


def _age(made: str) -> str:
    try:
        seconds = int((datetime.now(UTC) - datetime.fromisoformat(made)).total_seconds())
    except ValueError:
        return ""
    return f"{max(seconds, 0)}s" if seconds < 120 else f"{seconds // 60}m"
