"""Single keys from a terminal, without Return; the terminal is as it was afterwards, whatever happens."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import termios
import threading
import tty
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType


_SPECIAL: Final = re.compile(r"\x1b(\[[0-9;]*[@-~]|O.)")
"""What an arrow or another special key sends: ESC, and letters that nobody typed."""


@contextmanager
def pressed(descriptor: int, tell: Callable[[str], None]) -> Iterator[None]:
    """Hand each key to `tell` as it is pressed at the terminal `descriptor`; "" when the terminal has gone.

    Ctrl-C and Ctrl-Z keep their meaning. To be entered in the main thread.
    """
    before = termios.tcgetattr(descriptor)
    wake, stop = os.pipe()
    reader = threading.Thread(target=_read, args=(descriptor, wake, tell), name="keys", daemon=True)

    def again(_: int, __: FrameType | None) -> None:
        # A shell that had the terminal meanwhile has set it to its own liking.
        tty.setcbreak(descriptor, termios.TCSANOW)

    continued = signal.signal(signal.SIGCONT, again)
    try:
        tty.setcbreak(descriptor, termios.TCSANOW)
        reader.start()
        yield
    finally:
        os.close(stop)
        reader.join()
        os.close(wake)
        signal.signal(signal.SIGCONT, continued)
        with contextlib.suppress(termios.error):  # the terminal may have gone
            termios.tcsetattr(descriptor, termios.TCSANOW, before)


def _read(descriptor: int, wake: int, tell: Callable[[str], None]) -> None:
    while True:
        ready, _, _ = select.select([descriptor, wake], [], [])
        if wake in ready:
            return
        try:
            key = os.read(descriptor, 64)
        except OSError:
            key = b""
        if not key:
            tell("")
            return
        for one in _SPECIAL.sub("", key.decode("ascii", "replace")):
            tell(one)
