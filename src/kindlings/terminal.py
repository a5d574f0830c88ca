"""Runs a learner's file of kubectl lines in the lab, and keeps what each printed."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kindlings import commands
from kindlings.cluster import access
from kindlings.errors import Findings, LabFailure, Place, UsageError
from kindlings.explain import commands as explanations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kindlings.cluster.kubectl import Answer
    from kindlings.commands import Parsed
    from kindlings.lab import Lab


@dataclass(frozen=True)
class Printed:
    """What one command printed."""

    lab: Lab
    place: Place
    text: str
    output: str

    def shows(self, *wanted: str) -> None:
        """Demand that the output contains every one of `wanted`. Raises LabFailure."""
        missing = [one for one in wanted if one not in self.output]
        if missing:
            raise self._failure(f"to show {' and '.join(missing)}", _first_lines(self.output))

    def lists(self, *names: str) -> None:
        """Demand that the command, a `kubectl get`, lists the objects of these names and no other.

        Raises LabFailure.
        """
        found = _names(self.output)
        if sorted(found) != sorted(names):
            wanted = ", ".join(sorted(names)) or "nothing"
            misnamed = explanations.misnamed(names, self.lab.sources)
            raise self._failure(f"to list {wanted}", ", ".join(sorted(found)) or "nothing", misnamed)

    def _failure(self, expected: str, saw: str, misnamed: str = "") -> LabFailure:
        because = explanations.selection(self.text, self.place, self.lab.sources)
        because = "; ".join(filter(None, (because, misnamed)))
        look = self.lab.sources.look(self.text.removeprefix(commands.PROGRAM).strip())
        read = explanations.READ_LABELS if because else commands.READ
        because = because or f"it says what {self.place} asks for"
        return LabFailure(Findings(f"{self.text} {expected}", saw, because, look, read, place=self.place))


@dataclass(frozen=True)
class Session:
    """What the commands of a file printed, one after the other."""

    file: str
    printed: Sequence[Printed]

    def shows(self, *wanted: str) -> None:
        """Demand that the last command printed every one of `wanted`. Raises LabFailure."""
        self.printed[-1].shows(*wanted)

    def answer(self, number: int) -> Printed:
        """Return what the file's command of that number, counted from 1, printed. Raises LabFailure."""
        if number > len(self.printed):
            count = len(self.printed)
            there = "1 command" if count == 1 else f"{count} commands"
            last = self.printed[-1].place
            raise commands.refused(last, f"a command {number} in {self.file}", there, f"the last is {last}")
        return self.printed[number - 1]


@contextmanager
def opened(lab: Lab) -> Iterator[Callable[[Sequence[str]], Answer]]:
    """Give what runs kubectl as the lab's learner, in its namespace, which is made if need be."""
    if lab.kubectl is None:
        raise UsageError("This lab has no kubectl.")
    lab.place.recorder()
    with lab.kubectl.acting_as(access.learner(lab.namespace), lab.namespace) as execute:
        yield execute


def run(lab: Lab, file: str) -> Session:
    """Run the commands of `file`, none where one of them is not the lab's to take.

    Raises LabFailure for a line that is not taken, and at the first command that fails.
    """
    if "/" in file or not file.endswith(".sh"):
        raise UsageError(f"A lesson names a file of commands of its own folder, not {file}.")
    lab.files += [file] if file not in lab.files else []
    found = commands.read(lab.folder / file)
    parsed = [commands.parse(one, lab.allowed, lab.namespace) for one in found]
    printed: list[Printed] = []
    with opened(lab) as execute:
        for one in parsed:
            lab.ran.append(one.command)
            output = _one(lab, one, execute)
            printed.append(Printed(lab, one.command.place, one.command.text, output))
    lab.catch_up()
    return Session(file, printed)


def _one(lab: Lab, one: Parsed, execute: Callable[[Sequence[str]], Answer]) -> str:
    """Run one command and return what it printed; a manifest goes the way that all of the lab's go."""
    if one.verb == "apply":
        if not one.files:
            raise commands.refused(
                one.command.place, "a file to apply", one.command.text, "apply needs -f FILE"
            )
        lab.apply(*one.files)
        return ""
    arguments = one.arguments
    if one.files:
        objects = [document for file in one.files for document in lab.read(file)]
        flags = [word for word in arguments[1:] if not word.startswith(("-f=", "--filename="))]
        arguments = ["delete", *flags, *(f"{each.kind.lower()}/{each.name}" for each in objects)]
    answer = execute(arguments)
    if answer.code != 0:
        raise explanations.failed(one, answer.err or answer.out, lab.sources)
    return answer.out


def _names(output: str) -> list[str]:
    """Return the names in what `kubectl get` printed: a table's first column, with or without the kind."""
    words = [line.split()[0] for line in output.splitlines() if line.strip()]
    return [word.rpartition("/")[2] for word in words if word != "NAME"]


def _first_lines(output: str) -> str:
    lines = [" ".join(line.split()) for line in output.splitlines() if line.strip()]
    return "; ".join(lines[:3])[:160] or "nothing"
