"""Every wrong answer fails, and its learner reads exactly the message that lies beside it.

After a wrong answer or a message has been changed on purpose, `pytest tests/cluster/test_wrong_answers.py
--record` writes the messages anew; read the difference before you commit it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kindlings import course
from kindlings.authoring import judging
from kindlings.errors import LabFailure

if TYPE_CHECKING:
    from kindlings.session import Session

ANSWERS = Path(__file__).parents[1] / "wrong_answers"
FOLDERS = sorted(path.parent for path in ANSWERS.glob("module*/*/message.txt"))


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


def the_lesson(folder: Path) -> judging.Test:
    """Return the lesson's test that the first line of the folder's message names."""
    first = (folder / "message.txt").read_text(encoding="utf-8").splitlines()[0]
    for test in judging.tests(folder.parent.name):
        if f"· {test.about.title.rstrip('.')}" in first:
            return test
    raise AssertionError(f"{folder}: no lesson has the title that message.txt begins with")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}-{folder.name}")
def test_a_wrong_answer_reads_its_message(
    folder: Path, kindlings_session: Session, request: pytest.FixtureRequest
) -> None:
    """The learner of a wrong answer reads what message.txt says, and no traceback."""
    test = the_lesson(folder)
    lab = kindlings_session.open(test.about, folder.name, folder)
    try:
        with pytest.raises(LabFailure) as failure:
            test.function(lab)
    finally:
        kindlings_session.close(lab, keep=False)
    lab.complete(failure.value)
    read = normalise(test.about.failure(failure.value.findings, lab.files))
    for node_port, port in kindlings_session.node_ports.items():
        read = read.replace(f"127.0.0.1:{port}", f"127.0.0.1:{node_port}")
    if request.config.getoption("record"):
        (folder / "message.txt").write_text(read, encoding="utf-8")
    assert read == (folder / "message.txt").read_text(encoding="utf-8")


def test_every_manifest_has_wrong_answers() -> None:
    """Each manifest that a learner edits has a wrong answer at least, and each module three."""
    for module in sorted(path for path in course.exercises().glob("module*")):
        folders = [folder for folder in FOLDERS if folder.parent.name == module.name]
        assert len(folders) >= 3
        for manifest in [*module.glob("*.yaml"), *module.glob("*.sh")]:
            assert any((folder / manifest.name).exists() for folder in folders), manifest
