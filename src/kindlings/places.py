"""A lab's namespace: named at once, made and watched when something needs it for the first time.

Most mistakes are told from the file alone, and predictions ask the cluster as a whole: these need none.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kindlings.recorder import Recorder


class Place:
    """The namespace `name`, and who watches it; several threads may ask for it."""

    def __init__(self, name: str, make: Callable[[], Recorder]) -> None:
        """Have `make` called once, when the namespace is needed: it makes it, and returns its recorder."""
        self.name = name
        self._make = make
        self._lock = threading.Lock()
        self._recorder: Recorder | None = None
        self._trouble: Exception | None = None
        self.before: Callable[[], object] | None = None
        """What is to be done when it is next asked for, once."""

    def recorder(self) -> Recorder:
        """Return who watches the namespace, which is made now if it is not there yet.

        Raises what making it raised, now or before.
        """
        with self._lock:
            if self._trouble is not None:
                raise self._trouble
            if self.before is not None:
                self.before()
                self.before = None
            if self._recorder is None:
                try:
                    self._recorder = self._make()
                except Exception as error:
                    self._trouble = error
                    raise
            return self._recorder

    def made(self) -> Recorder | None:
        """Return its recorder if there is one by now; what is being made is awaited."""
        with self._lock:
            return self._recorder
