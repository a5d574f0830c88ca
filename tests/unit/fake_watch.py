"""A watch without processes: runs tell what a test has them tell, and steps stand for a learner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kindlings.desk.watch.screen import View
from kindlings.desk.watch.watching import Event, Pressed, Saved, Told, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.unit.small_course import SmallCourse


class FakeProcess:
    """A process that lives until it is told otherwise."""

    code: int | None = None

    def poll(self) -> int | None:
        """Return its exit code, if it has ended."""
        return self.code


class FakeRun:
    """A run that does what the test has it do when it gets its order."""

    def __init__(self, benches: FakeBench) -> None:
        """Belong to `benches`."""
        self.process = FakeProcess()
        self.benches = benches
        self.arguments: Sequence[str] = ()
        self.interrupted = self.dismissed = self.waited_for = False

    def order(self, arguments: Sequence[str]) -> None:
        """Remember it, and tell what the test has prepared for it."""
        self.arguments = arguments
        for what in self.benches.script.pop(0) if self.benches.script else ():
            self.benches.watch.put(Told(self, what))  # type: ignore[arg-type] # it stands for a Run

    @property
    def tests(self) -> list[str]:
        """Return the tests that it was to run."""
        return [one for one in self.arguments if "::" in one]

    def interrupt(self) -> None:
        """Remember it."""
        self.interrupted = True

    def dismiss(self) -> None:
        """Remember it."""
        self.dismissed = True

    def end(self) -> None:
        """Remember it."""
        self.waited_for = True

    def printed(self) -> str:
        """Return what pytest printed."""
        return "INTERNALERROR"


class Steps:
    """The queue of a watch: what has come, and when nothing has, the test's next step; at the end `q`."""

    def __init__(self, made: FakeBench, steps: Sequence[Callable[[FakeBench], None]]) -> None:
        """Take `steps` one after the other."""
        self.made = made
        self.steps = list(steps)
        self.come: list[Event] = []

    def put(self, event: Event) -> None:
        """Let an event come."""
        self.come.append(event)

    def get(self, timeout: float | None = None) -> Event:
        """Return what comes next."""
        del timeout
        while not self.come and self.steps:
            self.steps.pop(0)(self.made)
        return self.come.pop(0) if self.come else Pressed("q")


class FakeBench:
    """Starts fake runs."""

    def __init__(
        self,
        course: SmallCourse,
        steps: Sequence[Callable[[FakeBench], None]] = (),
        script: list[list[dict[str, Any]]] | None = None,
        module: str | None = "module1",
    ) -> None:
        """Let the n-th run that gets an order tell the n-th list of `script`."""
        self.script = script or []
        self.runs: list[FakeRun] = []
        self.said: list[str] = []
        self.views: list[View] = []
        self.course = course
        self.watch = Watch(course.place, module, self)
        self.watch._events = Steps(self, steps)  # type: ignore[assignment] # as far as it is used

    def say(self, text: str = "") -> None:
        """Remember a line."""
        self.said.append(click.unstyle(text))

    def show(self, view: View) -> None:
        """Remember a view."""
        self.views.append(View(view.status, view.namespace, list(view.pods)))

    def start(self, _: Path, __: Callable[..., None]) -> FakeRun:
        """Start a run."""
        self.runs.append(FakeRun(self))
        return self.runs[-1]

    def saved(self, *names: str) -> None:
        """Let files of module1 count as saved."""
        self.watch.put(Saved(frozenset(self.course.module / name for name in names), 0.0))

    @property
    def ordered(self) -> list[list[str]]:
        """Return the tests of each run that got an order, by their names."""
        return [[test.rpartition("::")[2] for test in run.tests] for run in self.runs if run.arguments]

    @property
    def text(self) -> str:
        """Return everything that was said."""
        return "\n".join(self.said)
