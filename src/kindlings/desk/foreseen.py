"""What can be told of a learner's files without a cluster, and with what their lab says of itself.

A lab's test is read and never run; see syllabus.
"""

from __future__ import annotations

import contextlib
import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from kindlings import commands, manifests, preflight
from kindlings.desk import syllabus
from kindlings.errors import LabFailure, UsageError
from kindlings.preflight import kubectl, labs
from kindlings.preflight.findings import HERE, Finding, near, shown
from kindlings.versions import course_images

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from kindlings.desk.syllabus import Exercise
    from kindlings.manifests import Document

    Reader = Callable[[Path], Sequence[Document]]

_MANIFESTS: Final = (".yaml", ".yml")
_NO_ANSWER: Final = "The lab compares each answer with what the cluster shows."


def check(paths: Iterable[Path]) -> preflight.Report:
    """Examine files and folders: a learner's file with what its lab says and applies, any other by itself.

    Raises UsageError where there is no such file or folder, or nothing in it.
    """
    others: list[tuple[Path, bool]] = []
    of_labs: dict[Path, list[Exercise]] = {}
    paths, lessons = list(paths), functools.cache(_lessons)
    for path, in_folder in preflight.files(paths):
        if taking := [one for one in lessons(path.parent) if path.name in one.files]:
            of_labs[path] = taking
        else:
            others.append((path, in_folder))
    for folder in (path for path in paths if path.is_dir()):
        for name in sorted({name for one in lessons(folder) for name in one.files if name.endswith(".sh")}):
            of_labs[folder / name] = [one for one in lessons(folder) if name in one.files]
    report, read = preflight.check_files(others), functools.cache(manifest)
    for path, taking in of_labs.items():
        report.texts[str(path)] = preflight.text(path)
        report.objects += _objects(path, read)
        report.findings += _once(path, taking, read)
    report.findings = preflight.in_order(report.findings, report.texts)
    return report


def _lessons(folder: Path) -> tuple[Exercise, ...]:
    """Return the tests that lie in a folder; those of a file that cannot be read are left to pytest."""
    found: list[Exercise] = []
    for source in sorted(folder.glob("test_*.py")):
        with contextlib.suppress(UsageError):
            found += syllabus.read(source)
    return tuple(found)


def manifest(path: Path) -> Sequence[Document]:
    """Return the documents of a file. Raises LabFailure where it cannot be read."""
    return manifests.read(path).documents


def _objects(path: Path, read: Reader) -> int:
    """Return how many objects a file holds."""
    if path.suffix not in _MANIFESTS:
        return 0
    with contextlib.suppress(LabFailure):
        return sum(1 for one in read(path) if one.get("apiVersion") or one.get("kind"))
    return 0


def _once(path: Path, taking: Iterable[Exercise], read: Reader) -> Iterator[Finding]:
    """Yield what is found in the file: of several labs that say the same of one line, the first."""
    seen: set[tuple[int, int, str]] = set()
    for exercise in taking:
        for one in of(exercise, path.parent, read):
            key = (one.place.line, one.place.column, one.rule)
            if one.place.file == path.name and key not in seen:
                seen.add(key)
                yield replace(one, place=replace(one.place, file=str(path)))


def of(exercise: Exercise, folder: Path, read: Reader = manifest) -> list[Finding]:
    """Return what is to be said of the files that `exercise` takes, as they lie in `folder`.

    `read` is for who asks of many exercises, and reads each file once.
    """
    findings: list[Finding] = []
    documents: list[Document] = []
    lines: list[commands.Parsed] = []
    whole = True
    for name in exercise.files:
        try:
            if not name.endswith(_MANIFESTS):
                lines += _commands(folder / name, exercise)
            elif exercise.questions:
                findings += _answers(read(folder / name)[0], exercise)
            else:
                documents += read(folder / name)
        except LabFailure as failure:
            findings.append(preflight.unreadable(failure.findings, name))
            whole = False
    found = preflight.examine(documents)
    if whole:
        lab = labs.Lab(
            exercise.objects,
            exercise.containers,
            exercise.kinds,
            course_images(),
            exercise.node_ports,
            exercise.ready,
        )
        found += labs.check(documents, lab)
        found += [one for line in lines for one in kubectl.check(line, documents, lab.images)]
    else:  # what seems to be missing may stand in the file that could not be read
        absent = set(preflight.between(documents))
        found = [one for one in found if one not in absent]
    return findings + found


def _commands(path: Path, exercise: Exercise) -> Sequence[commands.Parsed]:
    """Return the commands of a file. Raises LabFailure for the first that the lab does not take."""
    allowed = [one for one in exercise.commands if commands.name(one) in commands.VERBS]
    return [commands.parse(one, allowed, "") for one in commands.read(path)]


def _answers(document: Document, exercise: Exercise) -> Iterator[Finding]:
    """Yield the questions without an answer, and the answers that are none of the words to choose from."""
    from kindlings import experiments  # noqa: PLC0415 - brings the cluster's libraries

    for name, what in exercise.questions:
        make = getattr(experiments, what, None)
        if make is None:
            yield from _choice(document, (name,), [])
        else:
            yield from _choice(document, (name, "component"), list(experiments.COMPONENTS))
            yield from _choice(document, (name, "outcome"), list(make().outcomes))


def _choice(document: Document, path: tuple[str, ...], words: list[str]) -> Iterator[Finding]:
    value, name = document.get(*path), " of ".join(reversed(path))
    mend = f"Write one of {', '.join(words)}." if words else "Write one word or number."
    if value is None or value == "" or isinstance(value, (dict, list)):
        what = f"there is no answer to {name}{HERE}"
    elif words and value not in words:
        what = f"{name} is {shown(value)}{HERE}, which is none of {', '.join(words)}"
        meant = near(str(value), words)
        mend = f"Write {meant}." if meant else mend
    else:
        return
    yield Finding("error", what, document.at(*path), _NO_ANSWER, mend, "answer")
