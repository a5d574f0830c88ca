"""The course on another Kubernetes version: `kindlings author regenerate --kubernetes VERSION`.

A cluster of its own name is made of that version's node image, and removed afterwards; the course's own stays
as it is. The solutions, the wrong answers and the READMEs are tried in it.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kindlings.authoring import answers, deprecations, replaying, running, trying
from kindlings.cluster import down, node_image, pulling, state
from kindlings.cluster import engine as engines
from kindlings.cluster.up import Settings, up
from kindlings.errors import InfrastructureError, KindlingsError, UsageError
from kindlings.results import Outcome
from kindlings.versions import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kindlings.progress import Progress
    from kindlings.session import Session

_VERSION: Final = re.compile(r"v?(\d+\.\d+\.\d+)")
_BESIDE: Final = "-try"
_LONGEST: Final = 36
"""Characters of a cluster's name, before what is put behind it."""


@dataclass
class Report:
    """What is otherwise on the other version, in four parts, a text each."""

    old: str
    new: str
    image: str
    behaviour: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    deprecations: list[str] = field(default_factory=list)
    tried: dict[str, int] = field(default_factory=dict)
    """How much of each part was compared."""

    @property
    def is_same(self) -> bool:
        """Tell whether nothing of the course is otherwise."""
        return not (self.behaviour or self.messages or self.shown or self.deprecations)

    def lines(self) -> Iterator[str]:
        """Yield the report."""
        yield f"Kubernetes {self.old} compared with {self.new} ({self.image})"
        parts = (
            ("behaviour", "solutions' tests end otherwise", self.behaviour),
            ("messages", "wrong answers read otherwise", self.messages),
            ("shown", "blocks of READMEs show something else", self.shown),
            (
                "deprecations",
                "warnings, refusals and lost fields in the solutions' objects",
                self.deprecations,
            ),
        )
        for name, what, found in parts:
            yield f"{name}: {len(found)} {what} (of {self.tried.get(name, 0)})"
            for one in found:
                yield from (f"  {line}" for line in one.splitlines())
        if lost := deprecations.gone(self.old, self.new):
            yield f"kinds that {self.new} no longer has, none of them the course's: {', '.join(lost)}"


def image_of(version: str) -> str:
    """Return the node image of a version ("1.35.2"), or the image itself where one is named.

    Raises UsageError for what tells no Kubernetes version.
    """
    if match := _VERSION.fullmatch(version):
        return f"{pulling.registry()}/{VERSIONS['kubernetes']['image']}:v{match[1]}"
    if "/" not in version or not re.search(r":v\d+\.\d+\.\d+[^/]*$", version):
        raise UsageError(
            f"{version} is neither a version of Kubernetes nor a node image whose tag tells one.",
            "Say all three numbers, 1.35.2, or an image: kindest/node:v1.35.2, best with its digest.",
        )
    return version


def compare(modules: Sequence[str], version: str, progress: Progress, *, write: bool) -> Report:
    """Try these modules on another version; `write` keeps the messages and READMEs as they are there.

    Raises UsageError, InfrastructureError where the image cannot be had or the cluster does not come up.
    """
    image = image_of(version)
    course_record = state.load(state.chosen_name())
    old = course_record.kubernetes if course_record else str(VERSIONS["kubernetes"]["pulled"])
    _bring(image, progress, course_record.engine if course_record else None)
    name = f"{state.chosen_name()[:_LONGEST]}{_BESIDE}"
    with _speaking_of(name, image):
        try:
            new = up(progress, Settings(name=name)).kubernetes
            return _tried(modules, Report(old, new, image), progress, write=write)
        finally:
            down.down(progress, name=name)


def _bring(image: str, progress: Progress, preferred: engines.Name | None) -> None:
    """Have the image in the engine. Raises InfrastructureError; nothing is built in its place."""
    engine = engines.find(progress, assume_yes=False, preferred=preferred)
    if pulling.present(engine, image):
        return
    try:
        pulling.pull(engine, image, progress)
    except InfrastructureError as trouble:
        raise InfrastructureError(
            f"The node image {image} is not in {engine.name}, and cannot be pulled: {trouble.message}",
            f"{trouble.advice} Or load it: `{engine.name} load --input FILE`, then give its name here.",
        ) from None


@contextmanager
def _speaking_of(cluster: str, image: str) -> Iterator[None]:
    """Have this process, and those that it starts, speak of another cluster, of that node image."""
    there = {"KINDLINGS_CLUSTER": cluster, node_image.IMAGE_VARIABLE: image}
    before = {name: os.environ.get(name) for name in there}
    os.environ.update(there)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _tried(modules: Sequence[str], report: Report, progress: Progress, *, write: bool) -> Report:
    solved = trying.run(modules, "--solutions").tests
    report.tried["behaviour"] = len(solved)
    report.behaviour += [
        f"{one.id}: {one.outcome}\n{one.message}"
        for one in solved
        if one.outcome not in {Outcome.PASSED, Outcome.NOT_APPLICABLE}
    ]
    session = running.connect(f"try-{os.getpid()}")
    try:
        for module in modules:
            _answers(answers.folders(module), session, report, progress, write=write)
            _shown(module, session, report, write=write)
        documents = deprecations.documents(modules)
        report.tried["deprecations"] = len(documents)
        report.deprecations += deprecations.told_by_server(session.admin, documents)
        report.deprecations += deprecations.told_by_schemas(report.old, report.new, documents)
    finally:
        session.end(keep=False)
    return report


def _answers(
    folders: Sequence[Path], session: Session, report: Report, progress: Progress, *, write: bool
) -> None:
    """Compare what the learners of wrong answers read."""
    report.tried["messages"] = report.tried.get("messages", 0) + len(folders)
    with progress.step("Reading the wrong answers' messages", len(folders)) as step:
        for one in (answers.reading(folder, session) for folder in folders):
            if one.trouble:
                report.messages.append(f"{one.name}: not judged: {one.trouble}")
            elif not one.read:
                report.messages.append(f"{one.name}: it passes now")
            elif not one.is_same:
                report.messages.append("\n".join([one.name, *one.difference()]))
                if write:
                    answers.keep(one.folder, one.read)
            step.advance(1, one.folder.name)


def _shown(module: str, session: Session, report: Report, *, write: bool) -> None:
    """Compare what the README shows."""
    report.tried["shown"] = report.tried.get("shown", 0) + len(replaying.blocks(module))
    try:
        report.shown += [one.said for one in replaying.record(module, session, write=write)]
    except KindlingsError as trouble:
        report.shown.append(f"exercises/{module}/README.md could not be done again: {trouble.message}")
