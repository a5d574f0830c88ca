"""What all tests share."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True, scope="session")
def interruptible() -> Iterator[None]:
    """Let programs that tests start hear Ctrl-C, also where all this runs in a shell's background.

    Such a shell has them ignore it, and a program inherits that, but no handler of its parent's.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
