"""What a lesson's test says of itself by its docstring and its markers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kindlings.writers import message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pytest

    from kindlings.errors import Findings, InfrastructureError


@dataclass(frozen=True)
class Lesson:
    """One test of the course: what it checks, and what is at stake."""

    module: str
    title: str
    points: int
    hint: str
    kinds: tuple[str, ...]
    """The kinds of object that it takes; empty for all of the course's."""
    needs: tuple[str, ...]
    draining: bool
    commands: tuple[str, ...] = ()
    """The kubectl verbs that it takes in files of commands; none by default."""
    required: bool = False
    """Whether the later tests of its file count for nothing where this one has failed."""

    def failure(self, findings: Findings, files: Sequence[str], *, graded_by: str = "") -> str:
        """Return the message that the learner reads; `files` are those that the lesson applied.

        Who was `graded_by` the test of that name cannot look into the namespace, but can run the test.
        """
        findings.hint = findings.hint or self.hint
        if graded_by and " -n " in findings.look:
            findings.look = f"pytest exercises/{self.module} -k {graded_by}"
        file = findings.place.file if findings.place else next(iter(files), "")
        return message.failure(message.Heading(self.module, file, self.title, self.points), findings)

    def trouble(self, error: InfrastructureError) -> str:
        """Return the message for a lesson that could not be judged."""
        return message.infrastructure(message.Heading(self.module, "", self.title), error)


def of(function: object, module: str, markers: Iterable[pytest.Mark]) -> Lesson:
    """Return the lesson that `function` of `module` is; of several markers of a name, the first counts."""
    given: dict[str, tuple[Any, ...]] = {}
    for marker in markers:
        given.setdefault(marker.name, marker.args)
    name = getattr(function, "__name__", "")
    title = (getattr(function, "__doc__", None) or name).strip().splitlines()[0]
    return Lesson(
        module=module,
        title=title,
        points=int(given.get("points", (0,))[0]),
        hint=str(given.get("hint", ("",))[0]),
        kinds=tuple(given.get("kinds", ())),
        needs=tuple(given.get("needs", ())),
        draining="draining" in given,
        commands=tuple(given.get("commands", ())),
        required="required" in given,
    )
