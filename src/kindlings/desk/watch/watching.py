"""The loop of `kindlings watch`: what is saved, pressed and judged comes in by one queue."""

from __future__ import annotations

import contextlib
import queue
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import click

from kindlings import results
from kindlings.desk import giving, home, showing, standing
from kindlings.desk.watch import bench, findings
from kindlings.desk.watch.screen import View
from kindlings.errors import ExitCode, KindlingsError
from kindlings.writers import message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from kindlings.desk.home import Home
    from kindlings.desk.standing import Standing
    from kindlings.desk.syllabus import Exercise
    from kindlings.desk.watch.bench import Run
    from kindlings.desk.watch.screen import Screen

_TICK: Final = 1.0
"""Seconds after which ages and times are drawn anew while a run is under way."""
_FINE: Final = frozenset({ExitCode.OK, ExitCode.FAILED, ExitCode.INFRASTRUCTURE})


@dataclass(frozen=True)
class Saved:
    """Files of the exercises were written, made or removed."""

    paths: frozenset[Path]
    at: float


@dataclass(frozen=True)
class Pressed:
    """A key; "" for a terminal that has gone."""

    key: str


@dataclass(frozen=True)
class Told:
    """A run's own word."""

    run: Run
    what: dict[str, Any]


@dataclass(frozen=True)
class Remark:
    """Something to be shown."""

    text: str


Event = Saved | Pressed | Told | Remark


@dataclass
class Under:
    """The run under way: which tests, and how far it is."""

    run: Run
    about: str
    tests: Sequence[Exercise]
    began: float
    contents: dict[Path, str]
    outcomes: dict[str, str] = field(default_factory=dict)
    now: str = ""


class Watch:
    """One watch over a course folder."""

    def __init__(self, place: Home, module: str | None, screen: Screen) -> None:
        """Watch the exercises of `place`, or of one module; show it on `screen`."""
        self._place = place
        self._module = module
        self._screen = screen
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._view = View()
        self._under: Under | None = None
        self._spare: Run | None = None
        self._ending: list[Run] = []
        self._last: Sequence[str] = ()
        """The keys of the tests of the last run, for the hint."""

    def put(self, event: Event) -> None:
        """Take an event from any thread."""
        self._events.put(event)

    def loop(self) -> None:
        """Judge what is saved until `q`, Ctrl-C, or the terminal's end."""
        try:
            self._begin()
            while True:
                with contextlib.suppress(queue.Empty):
                    event = self._events.get(timeout=_TICK if self._under else None)
                    if not self._answer(event):
                        return
                self._draw()
        finally:
            self._close()

    def _begin(self) -> None:
        desk = standing.at(self._place.path)
        where = f"{home.EXERCISES}/{self._module}" if self._module else home.EXERCISES
        self._screen.say(f"Watching {where}: save a file, and its labs are judged.")
        self._next_step(desk)
        following = desk.next_in(self._module)
        if following is not None:
            about = following.exercise
            tests = [one for one in self._tests(desk) if one.files[-1:] == about.files[-1:]]
            self._judge([one for one in tests if one.module == about.module], "as it is now")

    # What comes in.

    def _answer(self, event: Event) -> bool:
        """Do what an event asks for; tell whether to go on."""
        try:
            match event:
                case Saved():
                    self._saved(event)
                case Told():
                    self._told(event)
                case Remark(text):
                    self._screen.say(text)
                case Pressed(key):
                    return self._pressed(key)
        except KindlingsError as error:
            self._screen.say(f"kindlings: {error}")
        return True

    def _pressed(self, key: str) -> bool:
        desk = standing.at(self._place.path) if key in {"n", "h", "l", "s"} else None
        if key in {"q", ""}:
            return False
        if desk is None:
            return True
        following = desk.next_in(self._module)
        match key:
            case "n":
                self._next_step(desk)
            case "l":
                modules = [one for one in desk.modules if self._module in {None, one.name}]
                self._say(showing.syllabus_of(desk, modules, following))
            case "h":
                recent = [one for one in desk.standings if one.exercise.key in self._last and not one.done]
                chosen = recent or ([following] if following else [])
                self._say(showing.hints(chosen[:1]))
            case _:
                self._solution(desk, following)
        return True

    def _solution(self, desk: standing.Desk, following: Standing | None) -> None:
        recent = [one for one in desk.standings if one.exercise.key in self._last]
        if not recent and following is not None:
            recent = [following]
        if not recent:
            return
        exercise = recent[0].exercise
        name = f"{exercise.module}/{(exercise.files or (exercise.name,))[-1]}"
        for path, text in giving.solution(desk, name, insist=False):
            self._screen.say(click.style(f"# {path.parent.name}/{path.name}", bold=True))
            self._screen.say(text)

    def _saved(self, event: Saved) -> None:
        desk = standing.at(self._place.path)
        tests = [one for one in self._tests(desk) if _takes(one, event.paths)]
        if not tests:
            return
        names = ", ".join(sorted(home.shown(path) for path in event.paths))
        missing = [path for path in event.paths if not path.exists()]
        if self._under and not missing and self._under.contents == _contents(tests):
            return  # the same again: an editor that writes twice
        self._interrupt("stopped: it was saved again")
        # At once: the cluster takes seconds to say the same.
        told = list(findings.of(path for path in event.paths if path not in missing))
        for path in missing:
            back = f"kindlings reset {path.parent.name}/{path.name}"
            self._screen.say(f"{home.shown(path)} is gone: `{back}` brings it back.")
        if not missing:
            self._judge(tests, names, told, since=event.at)

    # Runs.

    def _tests(self, desk: standing.Desk) -> list[Exercise]:
        return [one.exercise for one in desk.standings if self._module in {None, one.exercise.module}]

    def _next_step(self, desk: standing.Desk) -> None:
        """Say what comes next here; where all of the module is done, that it is."""
        following = desk.next_in(self._module)
        if following is None and self._module and desk.next:
            module = desk.next.exercise.module
            self._screen.say(
                f"All of {self._module} is done. What comes next is in {module}: `kindlings watch {module}`."
            )
        else:
            self._say(showing.next_step(desk, following))

    def _judge(
        self, tests: Sequence[Exercise], about: str, told: Sequence[str] = (), since: float | None = None
    ) -> None:
        count = f"{len(tests)} lab{'' if len(tests) == 1 else 's'}"
        self._screen.say()
        self._screen.say(click.style(f"{about} · {count}", bold=True))
        for line in (line for finding in told for line in message.wrapped(finding)):
            self._screen.say(click.style(line, fg="red"))
        alive = self._spare is not None and self._spare.process.poll() is None
        run = self._spare if self._spare and alive else bench.start(self._place.path, self._hear)
        self._spare = None
        names = [f"{one.source.relative_to(self._place.path)}::{one.test}" for one in tests]
        began = since or time.monotonic()
        self._under = Under(run, about, tests, began, _contents(tests))
        self._last = [one.key for one in tests]
        self._view = View()
        run.order(["-p", "no:cacheprovider", "-q", *names])

    def _interrupt(self, why: str) -> None:
        """End the run under way: what it judges is not what is there any more."""
        if self._under is not None:
            if why:
                self._screen.say(click.style(why, dim=True))
            self._under.run.interrupt()
            self._ending.append(self._under.run)
            self._under = None

    def _hear(self, run: Run, what: dict[str, Any]) -> None:
        self.put(Told(run, what))

    def _told(self, event: Told) -> None:
        under = self._under
        if event.what["event"] == "ended" and event.run in self._ending:
            event.run.end()
            self._ending.remove(event.run)
        if under is None or event.run is not under.run:
            return
        match event.what:
            case {"event": "started", "test": str(test)}:
                under.now = test.rpartition("::")[2].removeprefix("test_")
            case {"event": "opened", "namespace": str(namespace)}:
                self._view.namespace, self._view.pods = namespace, ()
                self._keep_spare()
            case {"event": "pods", "rows": list(rows)}:
                self._view.pods = rows
            case {"event": "verdict", "test": str(test), "outcome": str(outcome), "message": str(said)}:
                self._verdict(under, test, outcome, said)
            case {"event": "said", "text": str(text)}:
                self._screen.say(click.style(text, dim=True))
            case {"event": "ended", "code": int(code)}:
                self._ended(under, code)

    def _keep_spare(self) -> None:
        """Have a process ready for the next save, now that the present one is waiting for its Pods."""
        if self._spare is None:
            self._spare = bench.start(self._place.path, self._hear)

    def _verdict(self, under: Under, test: str, outcome: str, said: str) -> None:
        name = test.rpartition("::")[2]
        exercise = next((one for one in under.tests if one.test == name), None)
        first = not any(one in {"failed", "error"} for one in under.outcomes.values())
        under.outcomes[name] = outcome
        if exercise is None:
            return
        seconds = f"{time.monotonic() - under.began:.1f} s"
        colour = {"passed": "green", "failed": "red"}.get(outcome, "yellow")
        points = f"{exercise.points} point{'' if exercise.points == 1 else 's'}"
        title = exercise.title.rstrip(".")
        if outcome == "passed":
            rest = f"{title} ({points}, {seconds})"
        elif first:
            rest = f"({seconds})"
        else:
            # The first has said it all; the others often fail for the same reason.
            rest = f"{title}: {_saw(said)}"
        text = "\n".join(message.wrapped(f"{outcome:<7} {rest}", indent=8))
        self._screen.say(text.replace(outcome, click.style(outcome, fg=colour), 1))
        if outcome != "passed" and first:
            self._screen.say(message.shown(said))

    def _ended(self, under: Under, code: int) -> None:
        under.run.end()
        self._under = None
        if "failed" not in under.outcomes.values():
            self._view = View()  # its namespace has gone with the run; a failed lab's is kept
        self._keep_spare()
        if code not in _FINE:
            self._screen.say(f"The run broke off (pytest's exit code {code}):\n{under.run.printed()}")
            return
        desk = standing.at(self._place.path)
        done = [one for one in desk.standings if one.exercise.key in self._last and one.done]
        if len(done) == len(under.tests):
            self._screen.say(
                click.style(f"All of it is done. {showing.total(desk, under.tests[0].module)}", bold=True)
            )
            self._screen.say()
            self._next_step(desk)

    # What goes out.

    def _say(self, lines: Iterable[str]) -> None:
        self._screen.say("\n".join(lines))

    def _draw(self) -> None:
        if self._under is None:
            self._view.status = "waiting for a save"
        else:
            judged, count = len(self._under.outcomes), len(self._under.tests)
            seconds = time.monotonic() - self._under.began
            self._view.status = (
                f"judging {min(judged + 1, count)} of {count}, {seconds:.0f} s: {self._under.now}"
            )
        self._screen.show(self._view)

    def _close(self) -> None:
        """End every process; the labs' namespaces go with their runs."""
        if self._under is not None or self._ending:
            with contextlib.suppress(OSError):  # the terminal may have gone
                self._screen.say("Ending the run and putting its namespace away ...")
        self._interrupt("")
        if self._spare is not None:
            self._spare.dismiss()
            self._ending.append(self._spare)
        for run in self._ending:
            run.end()


def _takes(exercise: Exercise, paths: frozenset[Path]) -> bool:
    folder = exercise.source.parent
    return exercise.source in paths or any(folder / file in paths for file in exercise.files)


def _contents(tests: Sequence[Exercise]) -> dict[Path, str]:
    """Return the digests of the tests' files, and of what asks for them."""
    paths = {one.source.parent / file for one in tests for file in one.files} | {one.source for one in tests}
    return {path: home.digest(path) for path in paths}


def _saw(said: str) -> str:
    """Return what a learner's message says was seen, or the trouble that kept a lab from being judged."""
    return results.part(said, "saw") or results.part(said, "trouble") or results.last_line(said)
