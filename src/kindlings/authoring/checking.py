"""What can be told of the course without a cluster: `kindlings author check`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import yaml

from kindlings import course, marks
from kindlings.authoring import readmes, regenerating
from kindlings.desk import home, syllabus
from kindlings.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from kindlings.desk.syllabus import Exercise

WRONG_ANSWERS: Final = 3
"""Wrong answers that each of a learner's files has at least."""
FILL: Final = "FILL"
"""Stands in a skeleton where the author has to write something."""
_LINK: Final = re.compile(r"\[[^\]\n]*\]\(([^)\n]*)\)")


def check(module: str) -> Iterator[str]:
    """Yield what is wrong with a module, a line each."""
    folder = course.exercises() / module
    files = list(home.learners(folder))
    try:
        exercises = [one for path in sorted(folder.glob("test_*.py")) for one in syllabus.read(path)]
    except UsageError as error:
        yield error.message
        return
    yield from _lesson(folder, files)
    yield from _tests(folder, exercises)
    for path in files:
        yield from _file(path, exercises)
    yield from _solutions(module, {path.name for path in files})
    yield from _answers(module, exercises)
    for name in regenerating.regenerate(module, write=False):
        yield f"{name} is not what its solution says: run `kindlings author regenerate {module}`"


def _lesson(folder: Path, files: Collection[Path]) -> Iterator[str]:
    """Check the README: its heading, the files that it names, its links."""
    path = folder / "README.md"
    name = f"{folder.name}/README.md"
    if not path.is_file():
        yield f"{name} is missing: write the lesson"
        return
    text = path.read_text(encoding="utf-8")
    number = folder.name.removeprefix("module")
    if not text.startswith(f"# Module {number}: "):
        yield f"{name} does not begin with `# Module {number}: TITLE`"
    for file in files:
        if f"`{file.name}`" not in text:
            yield f"{name} does not name `{file.name}`: say in its section what the learner does with it"
    if FILL in text:
        yield f"{name} has a {FILL} left: write what stands for it"
    try:
        readmes.blocks(text, f"exercises/{name}")
    except UsageError as error:
        yield f"{error.message} {error.advice}".strip()
    for target in _LINK.findall(text):
        yield from (f"{name} links to {target or 'nothing'}: {why}" for why in _link(folder, target))


def _link(folder: Path, target: str) -> Iterator[str]:
    parts = urlsplit(target)
    if not target or re.search(r"\s", target):
        yield "a link has an address without spaces"
    elif parts.scheme in {"http", "https"}:
        if parts.scheme == "http":
            yield "use https"
        if "." not in parts.netloc:
            yield "it names no host"
    elif parts.scheme:
        yield f"{parts.scheme} is no link for a lesson"
    elif parts.path and not (folder / parts.path).exists():
        yield "there is no such file"


def _tests(folder: Path, exercises: Collection[Exercise]) -> Iterator[str]:
    """Check what each test says of itself."""
    if not exercises:
        yield f"{folder.name} has no test: write test_LAB.py"
    for one in exercises:
        name = f"{one.source.parent.name}/{one.source.name}, {one.test}"
        if one.points < 1:
            yield f"{name}: it is worth nothing: mark it points(1) or more"
        if not one.hint:
            yield f"{name}: it has no hint: mark it hint(...), one sentence that helps without solving"
        if one.title == one.test:
            yield f"{name}: it has no docstring: say in one sentence what must be observed"
        if FILL in one.title + one.hint:
            yield f"{name}: a {FILL} is left in its docstring or its hint"
        if not one.files:
            yield f"{name}: it takes no file: name the learner's file as a string in lab.apply(...)"
        for file in one.files:
            if not (folder / file).is_file():
                yield f"{name}: it takes {file}, which {folder.name} does not have"


def _file(path: Path, exercises: Collection[Exercise]) -> Iterator[str]:
    """Check a learner's file: its words, its solution, its wrong answers."""
    name = f"{path.parent.name}/{path.name}"
    text = path.read_text(encoding="utf-8")
    solution = course.solutions() / path.parent.name / path.name
    if not any(path.name in one.files for one in exercises):
        yield f"exercises/{name} is taken by no test: remove it, or test it"
    for word, what in (("TODO:", "what the learner is to do"), ("WHY:", "why it matters")):
        if word not in text:
            yield f"exercises/{name} has no {word} say {what}"
    if not solution.is_file():
        yield f"solutions/{name} is missing: solve the exercise"
    elif _bare(marks.solution(solution.read_text(encoding="utf-8"), name)) == _bare(text):
        yield f"exercises/{name} says what its solution says: take away what the learner is to write"
    answers = course.root() / "tests" / "wrong_answers" / path.parent.name
    count = sum(1 for one in answers.glob("*/message.txt") if (one.parent / path.name).exists())
    if count < WRONG_ANSWERS:
        yield (
            f"tests/wrong_answers/{path.parent.name} has {count} wrong answers to {path.name}: "
            f"{WRONG_ANSWERS} are wanted (`--record` writes their messages)"
        )


def _answers(module: str, exercises: Collection[Exercise]) -> Iterator[str]:
    """Check that each wrong answer's message says which test it is about."""
    titles = [one.title.rstrip(".") for one in exercises]
    for path in sorted((course.root() / "tests" / "wrong_answers" / module).glob("*/message.txt")):
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        if not any(f"· {title}" in first for title in titles):
            yield (
                f"{path.relative_to(course.root())} is about no test of {module}: "
                f"begin it with `{module} · FILE · the test's docstring`"
            )


def _solutions(module: str, files: Collection[str]) -> Iterator[str]:
    """Check the solutions: solved, of today's files, and of images that are in every node."""
    from kindlings.cluster.images import course_images  # noqa: PLC0415 - needs the cluster's libraries

    known = set(course_images())
    for path in sorted((course.solutions() / module).glob("*")):
        name = f"solutions/{module}/{path.name}"
        if path.suffix not in {".yaml", ".sh"} or path.name == "free-mutants.yaml":
            continue
        if path.name not in files:
            yield f"{name} solves no exercise: remove it"
        try:
            text = marks.solution(path.read_text(encoding="utf-8"), name)
        except UsageError as error:
            yield error.message
            continue
        for word in ("TODO", FILL):
            if word in text:
                yield f"{name} has a {word} left: solve it"
        for image in sorted(set(_images(path, text)) - known):
            yield f"{name} uses {image}, which no node has: take one of {', '.join(sorted(known))}"


def _images(path: Path, text: str) -> Iterator[str]:
    if path.suffix != ".yaml":
        return
    try:
        documents = list(yaml.safe_load_all(text))
    except yaml.YAMLError:
        return
    yield from (image for document in documents for image in _named(document))


def _named(value: Any) -> Iterator[str]:
    """Yield every image that a part of a manifest names."""
    if isinstance(value, list):
        for one in value:
            yield from _named(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            if key == "image" and isinstance(one, str):
                yield one
            else:
                yield from _named(one)


def _bare(text: str) -> list[str]:
    """Return a file's lines without comments and blank ones."""
    lines = (line.rstrip() for line in text.splitlines())
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
