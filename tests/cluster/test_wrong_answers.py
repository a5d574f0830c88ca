"""Every wrong answer fails, and its learner reads exactly the message that lies beside it.

After a wrong answer or a message has been changed on purpose, `pytest tests/cluster/test_wrong_answers.py
--record` writes the messages anew; read the difference before you commit it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kindlings import course
from kindlings.authoring import answers

if TYPE_CHECKING:
    from kindlings.session import Session

FOLDERS = answers.folders(within=Path(__file__).parents[1] / "wrong_answers")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}-{folder.name}")
def test_a_wrong_answer_reads_its_message(
    folder: Path, kindlings_session: Session, request: pytest.FixtureRequest
) -> None:
    """The learner of a wrong answer reads what message.txt says, and no traceback."""
    read = answers.read(folder, kindlings_session)
    assert read, "the wrong answer passes"
    if request.config.getoption("record"):
        answers.keep(folder, read)
    assert read == answers.kept(folder)


def test_every_manifest_has_wrong_answers() -> None:
    """Each manifest that a learner edits has a wrong answer at least, and each module three."""
    for module in sorted(path for path in course.exercises().glob("module*")):
        folders = [folder for folder in FOLDERS if folder.parent.name == module.name]
        assert len(folders) >= 3
        for manifest in [*module.glob("*.yaml"), *module.glob("*.sh")]:
            assert any((folder / manifest.name).exists() for folder in folders), manifest
