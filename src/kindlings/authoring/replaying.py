"""Does again, on the cluster, what a lesson's README shows, and tells where it would show something else."""

from __future__ import annotations

import difflib
import os
import re
import shlex
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import kindlings
from kindlings import commands, conditions, course, rollouts, services, terminal
from kindlings.authoring import readmes, running
from kindlings.authoring.volatile import Settling
from kindlings.cluster import exec as remote
from kindlings.cluster import state
from kindlings.cluster.up import up
from kindlings.conditions import Basic, Met, NotYet, what_is_there
from kindlings.errors import InfrastructureError, LabFailure, Place, UsageError
from kindlings.lesson import Lesson
from kindlings.progress import Hushed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from kindlings.authoring.readmes import Block
    from kindlings.cluster.kubectl import Answer
    from kindlings.conditions import Scene, Target, Verdict
    from kindlings.lab import Lab
    from kindlings.progress import Progress
    from kindlings.session import Session

_NAME: Final = "shown"
"""What the namespaces are called after, in place of a test."""
_CURL: Final = re.compile(r"curl http://127\.0\.0\.1:(\d+)(/\S*)")
_EXEC: Final = re.compile(r"kubectl exec (\S+)(?: -c (\S+))? -- (.+)")
_NODES: Final = re.compile(r"(?:kindlings )?kubectl (get nodes(?: -o custom-columns=\S+)?)")
"""What only the cluster's owner may see, and what reads alike on all of them."""
_TIMED_OUT: Final = 124
_STEPS: Final = "Steps: apply FILE, run FILE.sh, wait WHOM WHAT(), keep N, kubectl ..., need WHAT, go on, $."
_AT_ONCE: Final = 3
"""How many modules are done at the same time."""


@dataclass(frozen=True)
class Drift:
    """A block that would show something else now: its lines as they stand, and as they were recorded."""

    block: Block
    standing: list[str]
    outputs: list[str]

    @property
    def said(self) -> str:
        """Return where it is, and what differs."""
        recorded = self.block.lines(self.outputs)
        changed = [one for one in difflib.ndiff(self.standing, recorded) if not one.startswith("?")]
        return "\n".join([f"{self.block.place} shows something else:", *(one.rstrip() for one in changed)])


def readme(module: str) -> Path:
    """Return the path of a module's lesson."""
    return course.exercises() / module / "README.md"


def blocks(module: str) -> list[Block]:
    """Return the marked blocks of a module's lesson. Raises UsageError."""
    path = readme(module)
    return (
        readmes.blocks(path.read_text(encoding="utf-8"), f"exercises/{module}/README.md")
        if path.is_file()
        else []
    )


def record_all(modules: Sequence[str], progress: Progress, *, write: bool) -> list[Drift]:
    """Do again what the lessons of these modules show, as `record` does, some at once.

    The cluster is brought up where one of them shows anything. Raises UsageError, InfrastructureError.
    """
    shown = [module for module in modules if blocks(module)]
    if not shown:
        return []
    up(Hushed(progress))
    run = os.urandom(4).hex()

    def one(module: str) -> list[Drift]:
        session = running.connect(f"{run}-{module}")
        try:
            return record(module, session, write=write)
        finally:
            session.end(keep=False)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return [drift for drifts in pool.map(one, shown) for drift in drifts]


def record(module: str, session: Session, *, write: bool) -> list[Drift]:
    """Do again what the lesson shows; return what has drifted, and `write` it into the README.

    Raises UsageError for a mark that cannot be followed, InfrastructureError.
    """
    found = blocks(module)
    outputs = [one for group in _groups(found) for one in _replayed(module, group, session)]
    drifts = [drift for block, said in zip(found, outputs, strict=True) if (drift := _drift(block, said))]
    if write and drifts:
        path = readme(module)
        text = readmes.replaced(
            path.read_text(encoding="utf-8"), [(one.block, one.outputs) for one in drifts]
        )
        path.write_text(text, encoding="utf-8")
    return drifts


def _drift(block: Block, said: list[str]) -> Drift | None:
    """Compare what a block shows with what its commands said, without what differs each time."""
    recorded, standing = Settling(), Settling()
    outputs = [recorded.settle(one) for one in said]
    if outputs == [standing.settle(one) for one in block.outputs]:
        return None
    return Drift(block, block.lines(block.outputs), outputs)


def _groups(found: Sequence[Block]) -> list[list[Block]]:
    """Return the blocks that are done in one namespace after the other."""
    groups: list[list[Block]] = []
    for block in found:
        if block.goes_on and groups:
            groups[-1].append(block)
        else:
            groups.append([block])
    return groups


def _replayed(module: str, group: Sequence[Block], session: Session) -> Iterator[list[str]]:
    """Yield what the commands of each block of a group print."""
    needs = tuple(dict.fromkeys(need for block in group for need in block.needs))
    verbs = tuple(commands.VERBS)
    about = Lesson(module, "what its README shows", 0, "", (), needs, draining=False, commands=verbs)
    if missing := session.unmet(needs):
        raise UsageError(f"{group[0].place}: this cluster lacks {missing}.", "Take it out of the mark.")
    lab = session.open(about, _NAME, course.solutions() / module)
    try:
        for block in group:
            with _explained(block), terminal.opened(lab) as execute:
                yield Replay(lab, block, execute).outputs()
    finally:
        session.close(lab, keep=False)


@contextmanager
def _explained(block: Block) -> Iterator[None]:
    """Say of a failure in which block it came: the solution is at fault, or the mark."""
    try:
        yield
    except LabFailure as failure:
        advice = "Look whether the solution or the mark is at fault."
        raise UsageError(f"{block.place}: {failure.message}", advice) from None


@dataclass(frozen=True)
class _Reported(Basic):
    def describe(self, target: Target) -> str:
        return f"{target.title} to report all of its Pods as ready"

    def check(self, scene: Scene) -> Verdict:
        told = [one for one in scene.alive if rollouts.reported(one)]
        return Met(told, conditions.SETTLED) if told else NotYet(what_is_there(scene))


_WORDS: Final[dict[str, Callable[..., Any]]] = {
    "reported": _Reported,
    "existing": services.existing,
}
"""What a mark may wait for besides a lesson's own words."""


@dataclass
class Replay:
    """The steps of a block, done in a lab."""

    lab: Lab
    block: Block
    execute: Callable[[Sequence[str]], Answer]
    keep: int = 0
    """How many lines of the next output are shown; 0 for all."""

    def outputs(self) -> list[str]:
        """Do the steps and return what the shown commands print."""
        found = []
        for step in self.block.steps:
            if step.startswith("$ "):
                found.append(self._kept(self._shown(step.removeprefix("$ "))))
            else:
                self._do(step)
        return found

    def _do(self, step: str) -> None:
        verb, _, rest = step.partition(" ")
        if verb == "apply":
            self.lab.apply(*rest.split())
        elif verb == "run":
            self.lab.run(rest)
        elif verb == "wait":
            self._wait(readmes.call(rest, self.block.place))
        elif verb == "keep" and rest.isdigit():
            self.keep = int(rest)
        elif verb == commands.PROGRAM:
            self._shown(step)
        else:
            raise UsageError(
                f"{self.block.place}: {step} is no step.",
                _STEPS,
            )

    def _kept(self, output: str) -> str:
        """Return the output as in a namespace of one's own, on a cluster of the usual name."""
        lines = output.splitlines()[: self.keep or None]
        self.keep = 0
        text = "\n".join(lines).replace(self.lab.namespace, "default")
        return re.sub(rf"\b{re.escape(state.chosen_name())}-(?=worker|control-plane)", "kindlings-", text)

    # What is waited for.

    def _wait(self, call: readmes.Call) -> None:
        made = _WORDS.get(call.word) or (
            getattr(kindlings, call.word) if call.word in kindlings.__all__ else None
        )
        if made is None:
            raise UsageError(
                f"{self.block.place}: {call.word} is no condition.", "Take one of a lesson's words."
            )
        try:
            self._handle(call.about).wait(made(*call.arguments))
        except (TypeError, AttributeError) as error:
            raise UsageError(f"{self.block.place}: {call.word}: {error}") from None
        self.lab.catch_up()

    def _handle(self, about: Sequence[str]) -> Any:
        """Return whom a step is about: `deployment counter`, `replicaset counter pods`, `log reporter`."""
        kind, *rest = about
        if kind == "log" and rest:
            return self.lab.pod(rest[0]).logs(*rest[1:2])
        makers = ("pod", "pods", "replicaset", "deployment", "daemonset", "statefulset", "service", "pvc")
        if kind not in makers or not rest:
            raise UsageError(f"{self.block.place}: {' '.join(about)} is nobody to wait for.")
        handle = getattr(self.lab, kind)(rest[0])
        return handle.pods if rest[1:] == ["pods"] else handle

    # What is shown.

    def _shown(self, command: str) -> str:
        if match := _CURL.fullmatch(command):
            return self._answer(int(match[1]), match[2])
        if match := _EXEC.fullmatch(command):
            return self._inside(match[1], match[2] or "", match[3].split())
        if match := _NODES.fullmatch(command):
            return self._nodes(shlex.split(match[1]))
        return self._kubectl(command)

    def _kubectl(self, text: str) -> str:
        """Run a kubectl line as a lab does, and return what it prints on both of its channels."""
        place = Place(*_parted(self.block.place))
        parsed = commands.parse(commands.command(text, place), self.lab.allowed, self.lab.namespace)
        if parsed.verb == "apply":
            self.lab.apply(*parsed.files)
            return "\n".join(f"{_title(one)} created" for file in parsed.files for one in self.lab.read(file))
        if parsed.files:
            raise UsageError(f"{self.block.place}: {text}: name the object, not its file.")
        answer = self.execute(parsed.arguments)
        if answer.code == _TIMED_OUT:
            raise UsageError(f"{self.block.place}: {text}: {answer.err}", "Wait for less.")
        self.lab.catch_up()
        return answer.err + answer.out

    def _nodes(self, words: Sequence[str]) -> str:
        """Ask for the nodes, as the learner does to whom the cluster belongs."""
        if self.lab.kubectl is None:
            raise UsageError(f"{self.block.place}: there is no kubectl.")
        with self.lab.kubectl.as_owner() as execute:
            answer = execute(words)
        return answer.err + answer.out

    def _inside(self, pod: str, container: str, words: Sequence[str]) -> str:
        """Run a command in a container, as `kubectl exec` would."""
        found = self.lab.recorder.snapshot().named("Pod", pod)
        if found is None:
            raise UsageError(f"{self.block.place}: there is no Pod {pod}.", "Wait for it in the mark.")
        container = container or found["spec"]["containers"][0]["name"]
        result = remote.attempt(self.lab.prober, self.lab.namespace, pod, container, words)
        if result.code is None:
            raise InfrastructureError(f"{words[0]} could not be run in Pod {pod}: {result.reason}")
        ended = f"command terminated with exit code {result.code}" if result.code else ""
        return result.errors + result.output + ended

    def _answer(self, port: int, path: str) -> str:
        """Ask a node port as `curl` would."""
        for service in self.lab.recorder.snapshot().all("Service"):
            if any(one.get("nodePort") == port for one in service["spec"].get("ports") or []):
                return self.lab.service(service["metadata"]["name"]).get(path).text
        raise UsageError(f"{self.block.place}: no Service has node port {port}.", "Apply it in the mark.")


def _parted(place: str) -> tuple[str, int]:
    file, _, line = place.rpartition(":")
    return file, int(line)


def _title(document: Any) -> str:
    """Return what kubectl calls an object that it created: deployment.apps/counter."""
    group = str(document.data["apiVersion"]).rpartition("/")[0]
    return f"{document.kind.lower()}{f'.{group}' if group else ''}/{document.name}"
