"""The tables of tests/wrong_answers/README.md: real questions, and the folders that make their mistakes."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from kindlings import course

ANSWERS = Path(__file__).parents[1] / "wrong_answers"
WANTED = 10


class Row(NamedTuple):
    """One question of the tables: the module of its table, its address, the folder and the mistake."""

    module: str
    address: str
    folder: str
    mistake: str


def rows() -> list[Row]:
    """Return the rows of all tables, in their order."""
    found, module = [], ""
    for line in (ANSWERS / "README.md").read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"### Module (\d+):", line):
            module = f"module{heading[1]}"
        elif line.startswith("| ["):
            row = re.fullmatch(r"\| \[[^]]+\]\((\S+)\) \| `(\S+)` \| (.+) \|", line)
            assert row is not None, line
            found.append(Row(module, *row.groups()))
    return found


@pytest.mark.parametrize("module", sorted(path.name for path in course.exercises().glob("module*")))
def test_each_module_has_questions_of_its_own(module: str) -> None:
    """At least ten questions lead to as many different folders of the module."""
    assert len({row.folder for row in rows() if row.module == module}) >= WANTED


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.module}-{row.folder}")
def test_each_question_leads_to_a_wrong_answer(row: Row) -> None:
    """The folder is there, and has a message that is the whole of one."""
    message = ANSWERS / row.module / row.folder / "message.txt"
    heading, *told = message.read_text(encoding="utf-8").splitlines()
    assert heading.startswith(f"{row.module} · ")
    assert {line.split()[0] for line in told} >= {"expected", "saw", "because"}


def test_each_question_is_public_and_asked_once() -> None:
    """The addresses are whole ones, by https, and no two of them are the same."""
    addresses = [urlsplit(row.address) for row in rows()]
    assert {one.scheme for one in addresses} == {"https"}
    assert all(one.hostname and one.path.count("/") > 1 and not one.query for one in addresses)
    assert [one for one, times in Counter(addresses).items() if times > 1] == []
