"""Tells what has been saved in the exercises, also by editors that save by rename."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kindlings.desk import home
from kindlings.desk.syllabus import MODULE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_QUIET: Final = 50
"""Milliseconds without a further change after which what has changed is told: a save is several changes."""
_LONGEST: Final = 400
_LOOK: Final = 500
"""Milliseconds within which the thread sees that it is to end."""


@contextmanager
def told(exercises: Path, tell: Callable[[set[Path]], None], warn: Callable[[str], None]) -> Iterator[None]:
    """Hand the learner's files and the tests that were saved to `tell`, from now to the end of the block.

    Where the system does not tell of changes, the files are looked at now and then; `warn` is told so.
    """
    stop = threading.Event()

    def watch() -> None:
        try:
            _watch(exercises, tell, stop, polling=None)
        except OSError as error:
            warn(f"the system does not tell of changes ({error}): looking every 0.3 s instead")
            _watch(exercises, tell, stop, polling=True)

    thread = threading.Thread(target=watch, name="saves", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _watch(
    exercises: Path, tell: Callable[[set[Path]], None], stop: threading.Event, *, polling: bool | None
) -> None:
    import watchfiles  # noqa: PLC0415 - only this needs it

    changes = watchfiles.watch(
        exercises,
        watch_filter=lambda _, path: _concerns(Path(path)),
        debounce=_LONGEST,
        step=_QUIET,
        rust_timeout=_LOOK,
        stop_event=stop,
        raise_interrupt=False,
        force_polling=polling,
    )
    for found in changes:
        tell({Path(path) for _, path in found})


def _concerns(path: Path) -> bool:
    """Tell whether a path is one of a lab's; editors write others beside it for a moment."""
    ours = home.is_learners(path) or (path.name.startswith("test_") and path.suffix == ".py")
    return ours and MODULE.fullmatch(path.parent.name) is not None
