"""The wrong answers beside the tests: whose lesson each is about, and what its learner reads."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kindlings import course
from kindlings.authoring import judging
from kindlings.errors import InfrastructureError, LabFailure, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kindlings.session import Session

MESSAGE: Final = "message.txt"


@dataclass(frozen=True)
class Reading:
    """What the learner of a wrong answer reads, beside what is kept."""

    folder: Path
    kept: str
    read: str = ""
    """Empty where the wrong answer passes, or was not judged."""
    trouble: str = ""
    """Why it was not judged."""

    @property
    def name(self) -> str:
        """Return where it lies: tests/wrong_answers/module1/no-tag."""
        return f"tests/wrong_answers/{self.folder.parent.name}/{self.folder.name}"

    @property
    def is_same(self) -> bool:
        """Tell whether the learner reads what is kept."""
        return self.read == self.kept

    def difference(self) -> Iterator[str]:
        """Yield the lines of both, marked as difflib marks them."""
        for line in difflib.ndiff(self.kept.splitlines(), self.read.splitlines()):
            yield line.rstrip()


def folders(module: str = "module*", within: Path | None = None) -> list[Path]:
    """Return the folders of a module's wrong answers, or of all.

    They are looked for in the folder `within`, by default the one of the checkout whose package this is.
    """
    root = within or course.root() / "tests" / "wrong_answers"
    return sorted(path.parent for path in root.glob(f"{module}/*/{MESSAGE}"))


def kept(folder: Path) -> str:
    """Return the message that lies beside a wrong answer."""
    return (folder / MESSAGE).read_text(encoding="utf-8")


def keep(folder: Path, message: str) -> None:
    """Put a message beside a wrong answer."""
    (folder / MESSAGE).write_text(message, encoding="utf-8")


def the_lesson(folder: Path) -> judging.Test:
    """Return the lesson's test that the first line of the folder's message names. Raises UsageError."""
    first = kept(folder).split("\n", 1)[0]
    for test in judging.tests(folder.parent.name):
        if f"· {test.about.title.rstrip('.')}" in first:
            return test
    raise UsageError(f"{folder}: no lesson has the title that {MESSAGE} begins with.")


def reading(folder: Path, session: Session) -> Reading:
    """Judge a wrong answer, and return what its learner reads; what keeps it from being judged is in it."""
    standing = kept(folder)
    try:
        return Reading(folder, standing, read(folder, session))
    except (InfrastructureError, UsageError) as trouble:
        return Reading(folder, standing, trouble=trouble.message)


def read(folder: Path, session: Session) -> str:
    """Return what the learner of a wrong answer reads, without what differs from run to run.

    It is empty where the wrong answer passes. Raises InfrastructureError, and what a lesson should not raise.
    """
    test = the_lesson(folder)
    lab = session.open(test.about, folder.name, folder)
    try:
        test.function(lab)
    except LabFailure as failure:
        lab.complete(failure)
        text = normalise(test.about.failure(failure.findings, lab.files))
    else:
        return ""
    finally:
        session.close(lab, keep=False)
    for node_port, port in session.node_ports.items():
        text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{node_port}")
    return text


def normalise(text: str) -> str:
    """Replace what differs from run to run: made-up names, measured seconds, addresses, chosen ports."""
    text = re.sub(r"-n module\d+-\S+-[0-9a-f]{6}\b", "-n NAMESPACE", text)
    made_up = r"((?:describe pod |NODE_NAME=)[a-z0-9-]+)-[bcdfghjklmnpqrstvwxz2456789]{5}\b"
    text = re.sub(made_up, r"\1-XXXXX", text)
    text = re.sub(r"after \d+(\.\d+)? s\b", "after N s", text)
    text = re.sub(r"\d+\.\d s\s+after the first event", "N s after the first event", text)
    text = re.sub(r"--name \S+-break kubectl", "--name CLUSTER-break kubectl", text)
    text = re.sub(r"\b10(\.\d+){3}\b", "ADDRESS", text)
    text = re.sub(r"\b\d+ of \d+ requests", "N of M requests", text)
    text = re.sub(r"node port (?!31000|32000)3[0-2]\d{3}\b", "node port NNNNN", text)
    text = re.sub(r"\b\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\b", "DATE TIME", text)
    text = re.sub(r"-[0-9a-f]{6,10}-[a-z0-9]{5}\b", "-POD", text)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
