"""The blocks of a lesson's README that are recorded: a mark says what is done before each shown command.

    <!-- shown: apply replicaset.yaml; wait replicaset counter reported() -->
    ```
    $ kubectl get pods
    what it printed
    ```

Steps are parted by semicolons. A `$` among them stands for the block's next command; commands for which none
stands come after the last step.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kindlings.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_OPEN: Final = "<!-- shown:"
_CLOSE: Final = "-->"
_FENCE: Final = "```"
_PROMPT: Final = "$ "
_GOES_ON: Final = "go on"
_NEEDS: Final = "need "


@dataclass(frozen=True)
class Block:
    """A marked block: where it stands, what is done, and what its commands print as it stands there."""

    place: str
    """The README and the line of the mark, for messages: exercises/module1/README.md:19."""
    steps: tuple[str, ...]
    """What is done, in order; each of the block's commands is one, with its `$ `."""
    outputs: tuple[str, ...]
    """What stands below each of the commands, without a newline at the end."""
    begin: int
    end: int
    """The lines of the README between the fences, from 0, the end not included."""
    needs: tuple[str, ...] = ()
    """What of the cluster it needs, as a lesson's `needs` has it."""
    goes_on: bool = False
    """Whether it goes on where the block before it ended."""

    @property
    def commands(self) -> list[str]:
        """Return its commands, as they stand behind the prompt."""
        return [one.removeprefix(_PROMPT) for one in self.steps if one.startswith(_PROMPT)]

    def lines(self, outputs: Sequence[str]) -> list[str]:
        """Return what stands between the fences where the commands print `outputs`."""
        pairs = zip(self.commands, outputs, strict=True)
        return [line for command, output in pairs for line in (_PROMPT + command, *output.splitlines())]


def blocks(text: str, name: str) -> list[Block]:
    """Return the marked blocks of a README. Raises UsageError for a mark that marks nothing."""
    lines = text.splitlines()
    return [_block(lines, number, name) for number, line in enumerate(lines) if line.startswith(_OPEN)]


def replaced(text: str, recorded: Sequence[tuple[Block, Sequence[str]]]) -> str:
    """Return the README with these outputs in their blocks."""
    lines = text.splitlines()
    for block, outputs in sorted(recorded, key=lambda one: one[0].begin, reverse=True):
        lines[block.begin : block.end] = block.lines(outputs)
    return "".join(f"{line}\n" for line in lines)


def _block(lines: Sequence[str], number: int, name: str) -> Block:
    place = f"{name}:{number + 1}"
    last = next((at for at in range(number, len(lines)) if _CLOSE in lines[at]), None)
    if last is None:
        raise UsageError(f"{place}: the mark has no end.", f"End it with {_CLOSE}")
    if lines[last + 1 : last + 2] != [_FENCE]:
        raise UsageError(f"{place}: no block stands below the mark.", f"Put {_FENCE} on the line below it.")
    begin = last + 2
    end = next((at for at in range(begin, len(lines)) if lines[at] == _FENCE), None)
    if end is None:
        raise UsageError(f"{place}: the block has no end.", f"End it with {_FENCE}")
    mark = " ".join(lines[number : last + 1]).removeprefix(_OPEN).partition(_CLOSE)[0]
    said = [one for part in mark.split(";") if (one := " ".join(part.split()))]
    shown = _shown(lines[begin:end], place)
    steps = [one for one in said if one != _GOES_ON and not one.startswith(_NEEDS)]
    return Block(
        place,
        tuple(_merged(steps, [command for command, _ in shown], place)),
        tuple("\n".join(output) for _, output in shown),
        begin,
        end,
        tuple(word for one in said if one.startswith(_NEEDS) for word in one.split()[1:]),
        _GOES_ON in said,
    )


def _shown(lines: Sequence[str], place: str) -> list[tuple[str, list[str]]]:
    """Return the commands of a block, each with what stands below it."""
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        if line.startswith(_PROMPT):
            found.append((line, []))
        elif found:
            found[-1][1].append(line)
        else:
            raise UsageError(
                f"{place}: the block begins with no command.", f"Begin it with `{_PROMPT}kubectl`."
            )
    if not found:
        raise UsageError(f"{place}: the block is empty.", f"Write the commands: `{_PROMPT}kubectl get pods`.")
    return found


def _merged(steps: Sequence[str], commands: Sequence[str], place: str) -> Iterator[str]:
    """Yield the steps, with the block's commands where a `$` stands for them, the others at the end."""
    left = iter(commands)
    for step in steps:
        if step != _PROMPT.strip():
            yield step
        elif (command := next(left, None)) is not None:
            yield command
        else:
            raise UsageError(f"{place}: the mark has more `$` than the block has commands.")
    yield from left


_CALL: Final = re.compile(r"(?P<about>.+) (?P<word>[a-z_]+)\((?P<arguments>[^()]*)\)")


@dataclass(frozen=True)
class Call:
    """What a step waits for: whom it is about, and a word of `kindlings` with its arguments."""

    about: tuple[str, ...]
    word: str
    arguments: tuple[object, ...]


def call(text: str, place: str) -> Call:
    """Read `pod counter containers_ready(1)`. Raises UsageError."""
    import ast  # noqa: PLC0415 - only this needs it

    match = _CALL.fullmatch(text)
    if match is None:
        raise UsageError(
            f"{place}: {text} is nothing to wait for.",
            "Say whom and what: wait pod counter containers_ready(1)",
        )
    try:
        values = ast.literal_eval(f"({match['arguments']},)") if match["arguments"].strip() else ()
    except (ValueError, SyntaxError):
        raise UsageError(
            f"{place}: {match['arguments']} are no arguments.", "Give numbers and texts."
        ) from None
    return Call(tuple(match["about"].split()), match["word"], values)
