"""What the course asks, read from its files without pytest, which takes longer to start than a list to show.

A lesson's file is Python of the course, but it lies in the learner's folder: it is parsed, and never run.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kindlings.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

MODULE: Final = re.compile(r"module\d+\w*")
PREDICTIONS: Final = "predictions.yaml"
"""What `lab.prediction()` reads where it names no file."""
_TAKES_FILES: Final = frozenset({"apply", "run", "prediction"})
_KINDS: Final = {
    "pod": "Pod",
    "replicaset": "ReplicaSet",
    "deployment": "Deployment",
    "daemonset": "DaemonSet",
    "statefulset": "StatefulSet",
    "service": "Service",
    "pvc": "PersistentVolumeClaim",
}
"""From a method of Lab to the kind of the object that it asks for by name."""
_CONTAINERS: Final = frozenset({"logs", "log", "exec", "kill", "native_sidecar"})
"""What is given a container's name first."""


@dataclass(frozen=True)
class Exercise:
    """One test of a module: what it checks, what it is worth, and which of the learner's files it takes."""

    module: str
    source: Path
    """The test file."""
    test: str
    title: str
    points: int
    hint: str
    files: tuple[str, ...]
    """The names of the learner's files, in the order in which the test takes them."""
    definition: str
    """A digest of the test's own lines: another one asks for something else."""
    commands: tuple[str, ...] = ()
    """The kubectl verbs that its files of commands may use."""
    kinds: tuple[str, ...] = ()
    """The kinds of object that it takes; empty for all of the course's."""
    needs: tuple[str, ...] = ()
    """What of the cluster it needs, as far as its own decorators say so."""
    objects: tuple[tuple[str, str], ...] = ()
    """Kind and name of each object that it asks for."""
    containers: tuple[str, ...] = ()
    """The names of the containers that it asks for."""
    node_ports: tuple[int, ...] = ()
    """The node ports at which it asks."""
    ready: int | None = None
    """How many ready Pods it waits for at first."""
    questions: tuple[tuple[str, str], ...] = ()
    """The answers that it looks for in a file of predictions, each with what is done to see whether it holds:
    a function of this package."""

    @property
    def key(self) -> str:
        """Return the name under which the journal has it: module1/test_pods.py::test_it_runs."""
        return f"{self.module}/{self.source.name}::{self.test}"

    @property
    def name(self) -> str:
        """Return the test's name without its first word."""
        return self.test.removeprefix("test_")


@dataclass(frozen=True)
class Module:
    """A folder of the course, its tests in the order of its files' labs."""

    name: str
    folder: Path
    exercises: tuple[Exercise, ...]

    @property
    def title(self) -> str:
        """Return what the lesson's heading says behind "Module N:", or the folder's name."""
        first = next((line for line in readme(self.folder) if line.startswith("# ")), "")
        title = first.removeprefix("# ").partition(": ")[2].strip() or self.name
        return title[0].upper() + title[1:]

    @property
    def points(self) -> int:
        """Return what its tests are worth together."""
        return sum(exercise.points for exercise in self.exercises)


def modules(exercises: Path) -> list[Module]:
    """Return the modules in a folder of exercises, in order. Raises UsageError for a broken test file."""
    folders = [path for path in exercises.iterdir() if MODULE.fullmatch(path.name) and path.is_dir()]
    found = [Module(folder.name, folder, of_folder(folder)) for folder in sorted(folders, key=_order)]
    return [module for module in found if module.exercises]


def read(source: Path) -> list[Exercise]:
    """Return the tests of one file, in their order. Raises UsageError where it cannot be read as Python."""
    try:
        text = source.read_text(encoding="utf-8")
        tree = ast.parse(text)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError) as error:
        what = error.strerror if isinstance(error, OSError) else str(error).splitlines()[0]
        raise UsageError(
            f"{source.parent.name}/{source.name} cannot be read: {what}.",
            f"It is the course's: `kindlings reset {source.parent.name}/{source.name}` brings it back.",
        ) from None
    file = _File(tree)
    return [_exercise(source, node, text, file) for node in file.functions.values() if _is_test(node)]


def tests(folder: Path) -> list[Exercise]:
    """Return the tests of a folder's files, in the order of their names. Raises UsageError as `read` does."""
    return [one for path in sorted(folder.glob("test_*.py")) for one in read(path)]


def readme(folder: Path) -> list[str]:
    """Return the lines of a module's lesson; none where it cannot be read."""
    try:
        return (folder / "README.md").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []


def section(folder: Path, file: str) -> str:
    """Return the heading of the lesson's section that first names the learner's `file`, or ""."""
    heading = ""
    for line in readme(folder):
        if line.startswith("## "):
            heading = line.removeprefix("## ").strip()
        if f"`{file}`" in line and heading:
            return heading
    return ""


def _order(folder: Path) -> tuple[int, str]:
    digits = re.search(r"\d+", folder.name)
    return (int(digits[0]) if digits else 0, folder.name)


def of_folder(folder: Path) -> tuple[Exercise, ...]:
    """Return a module's tests in the lesson's order of their files. Raises UsageError as `read` does."""
    found = tests(folder)
    places = {file: place for place, file in enumerate(_in_the_lesson(folder))}

    def place(exercise: Exercise) -> int:
        return max((places.get(file, 0) for file in exercise.files), default=0)

    # The lesson is read from its top: what it names last is what a test that takes several files is about.
    return tuple(sorted(found, key=place))


def _in_the_lesson(folder: Path) -> list[str]:
    """Return the file names that stand in backticks in the lesson, in order, each once."""
    names = re.findall(r"`([\w.-]+\.(?:ya?ml|sh))`", "\n".join(readme(folder)))
    return list(dict.fromkeys(names))


def _is_test(node: ast.FunctionDef) -> bool:
    return node.name.startswith("test_")


def _exercise(source: Path, node: ast.FunctionDef, text: str, file: _File) -> Exercise:
    marks = file.marks(node)
    points = marks.get("points", (0,))
    hint = marks.get("hint", ("",))
    title = (ast.get_docstring(node) or node.name).strip().splitlines()[0]
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    lines = text.splitlines()[first - 1 : node.end_lineno]
    asked = tuple(file.calls(node))
    return Exercise(
        module=source.parent.name,
        source=source,
        test=node.name,
        title=title,
        points=points[0] if points and isinstance(points[0], int) else 0,
        hint=str(hint[0]) if hint else "",
        files=tuple(dict.fromkeys(name for call in asked for name in file.files(call))),
        definition=hashlib.sha256("\n".join(line.rstrip() for line in lines).encode()).hexdigest()[:16],
        commands=tuple(str(one) for one in marks.get("commands", ())),
        kinds=tuple(str(one) for one in marks.get("kinds", ())),
        needs=tuple(str(one) for one in marks.get("needs", ())),
        objects=tuple((_KINDS[name], first) for name, first in file.named(asked) if name in _KINDS),
        containers=tuple(first for name, first in file.named(asked) if name in _CONTAINERS),
        node_ports=tuple(number for number in file.numbers(asked, "node_port") if number),
        ready=next(file.numbers(asked, "ready", 1), None),
        questions=tuple(_questions(asked)),
    )


def _questions(calls: Iterable[ast.Call]) -> Iterator[tuple[str, str]]:
    for call in calls:
        match call:
            case ast.Call(
                func=ast.Attribute(attr="confirm"),
                args=[ast.Constant(value=str(name)), ast.Call(func=ast.Name(id=what))],
            ):
                yield name, what


class _File:
    """A test file's functions and constants."""

    def __init__(self, tree: ast.Module) -> None:
        """Take what stands at the top level of `tree`."""
        self.functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        self._values: Mapping[str, ast.expr] = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    def marks(self, node: ast.FunctionDef) -> dict[str, tuple[Any, ...]]:
        """Return the arguments of each of a test's markers; of several of one name, the nearest counts."""
        found: dict[str, tuple[Any, ...]] = {}
        for decorator in reversed(node.decorator_list):
            named = isinstance(decorator, ast.Name)
            mark = self._values.get(decorator.id) if isinstance(decorator, ast.Name) and named else decorator
            if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute):
                found.setdefault(mark.func.attr, tuple(self._value(argument) for argument in mark.args))
        return found

    def calls(self, node: ast.FunctionDef, *, seen: frozenset[str] = frozenset()) -> Iterator[ast.Call]:
        """Yield the calls in `node`, each followed by those in what it calls of this file."""
        for call in _calls(node):
            yield call
            helper = call.func.id if isinstance(call.func, ast.Name) else ""
            yield from self._through(helper, seen | {node.name})
        for argument in node.args.args:
            # A fixture of the file's own may have applied something before the test begins.
            yield from self._through(argument.arg, seen | {node.name})

    def _through(self, name: str, seen: frozenset[str]) -> Iterator[ast.Call]:
        if name in self.functions and name not in seen:
            yield from self.calls(self.functions[name], seen=seen)

    def files(self, call: ast.Call) -> Iterator[str]:
        """Yield the names of the learner's files that a call hands to the lab."""
        if isinstance(call.func, ast.Attribute) and call.func.attr in _TAKES_FILES:
            names = [self._value(argument) for argument in call.args]
            yield from (name for name in names if isinstance(name, str))
            if call.func.attr == "prediction" and not names:
                yield PREDICTIONS

    def named(self, calls: Iterable[ast.Call]) -> Iterator[tuple[str, str]]:
        """Yield what each call is of, a method or a function, and its first argument where that is a text."""
        for call in calls:
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            first = self._value(call.args[0]) if call.args else None
            if isinstance(first, str):
                yield name, first

    def numbers(self, calls: Iterable[ast.Call], name: str, default: int = 0) -> Iterator[int]:
        """Yield the whole number that each call of the function `name` is given first."""
        for call in calls:
            if isinstance(call.func, ast.Name) and call.func.id == name:
                first = self._value(call.args[0]) if call.args else default
                yield first if isinstance(first, int) else default

    def _value(self, node: ast.expr) -> Any:
        """Return what a literal, or a constant of the file, stands for; None for anything else."""
        if isinstance(node, ast.Name):
            node = self._values.get(node.id, node)
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return None


@functools.lru_cache(maxsize=256)
def _calls(node: ast.FunctionDef) -> tuple[ast.Call, ...]:
    """Return the calls in a function, in the order of their lines."""
    found = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
    return tuple(sorted(found, key=lambda call: (call.end_lineno or 0, call.end_col_offset or 0)))
