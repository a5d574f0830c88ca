"""Preflight and the real API server agree: what is called an error is refused, what is taken is left alone.

Of the mutants of the valid manifests and of the solutions every tenth is asked for;
KINDLINGS_PREFLIGHT_EVERY=1 asks for all, which takes some minutes.
"""

from __future__ import annotations

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kindlings import course, manifests, preflight
from kindlings.authoring import mutants as authoring
from kindlings.errors import LabFailure
from tests import mutants
from tests.cluster.dry_run import DryRun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.manifests import Document
    from kindlings.session import Session

TESTS = Path(__file__).parents[1]
VALID = sorted((TESTS / "unit" / "valid_manifests").glob("*.yaml"))
SOLVED = sorted(course.solutions().glob("*/*.yaml"))
WRONG = sorted(path for path in (TESTS / "wrong_answers").glob("*/*/*.yaml"))
EVERY = int(os.environ.get("KINDLINGS_PREFLIGHT_EVERY") or 10)


@pytest.fixture(scope="module")
def server(kindlings_session: Session) -> Iterator[DryRun]:
    """Give what asks the API server."""
    asked = DryRun(kindlings_session.admin)
    yield asked
    asked.close()


def objects(path: Path) -> list[Document]:
    """Return the objects of a manifest; none where it cannot be read, or is none (a lab's answers)."""
    try:
        found = manifests.read(path, str(path)).documents
    except LabFailure:
        return []
    return [one for one in found if one.get("apiVersion") or one.get("kind")]


def errors(document: Document) -> list[str]:
    """Return the messages of the errors that preflight finds in one object."""
    return [one.message for one in preflight.examine([document]) if one.level == "error"]


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_the_api_server_takes_every_valid_manifest(path: Path, server: DryRun) -> None:
    """What the unit tests hold to be valid is valid, also by the strictest reading of its fields."""
    assert [server.refusal(one) for one in objects(path)] == [""] * len(objects(path))


def test_the_api_server_takes_every_solution(server: DryRun) -> None:
    """All objects of all solutions are valid."""
    documents = [one for path in SOLVED for one in objects(path)]
    refused = {f"{one.file} {one.title}": server.refusal(one) for one in documents}
    assert {title: why for title, why in refused.items() if why} == {}
    assert len(refused) > 10


def test_what_is_an_error_in_a_wrong_answer_is_refused(server: DryRun) -> None:
    """Among the wrong answers, the API server refuses each object in which preflight finds an error."""
    documents = [one for path in WRONG for one in objects(path) if errors(one)]
    taken = [f"{one.file} {one.title}: {errors(one)}" for one in documents if not server.refusal(one)]
    assert taken == []
    assert len(documents) > 10


def test_what_is_an_error_in_a_mutant_is_refused(server: DryRun) -> None:
    """A field gone, misspelled or with another value: where preflight finds an error, it is refused."""
    made = itertools.islice(_mutants(), 0, None, EVERY)
    wrong = [(what, mutant, found) for what, mutant in made if (found := errors(mutant))]
    with ThreadPoolExecutor(4) as pool:
        refusals = list(pool.map(lambda one: server.refusal(one[1]), wrong))
    pairs = zip(wrong, refusals, strict=True)
    assert [(one.file, what, found) for (what, one, found), refusal in pairs if not refusal] == []
    assert len(wrong) > 100


def test_what_is_an_error_in_a_mutant_of_a_solution_is_refused(tmp_path: Path, server: DryRun) -> None:
    """The same for what `kindlings author mutate --static` counts: solutions with one edit."""
    wrong = [
        (mutant.id, document, found)
        for mutant in itertools.islice(authoring.derive().mutants, 0, None, EVERY)
        for document in _documents(tmp_path / mutant.file, mutant.text)
        if (found := errors(document))
    ]
    with ThreadPoolExecutor(4) as pool:
        refusals = list(pool.map(lambda one: server.refusal(one[1]), wrong))
    pairs = zip(wrong, refusals, strict=True)
    assert [(what, found) for (what, _, found), refusal in pairs if not refusal] == []
    assert len(wrong) > 100


def _documents(path: Path, text: str) -> list[Document]:
    path.write_text(text, encoding="utf-8")
    return objects(path) if path.suffix == ".yaml" else []


def _mutants() -> Iterator[tuple[str, Document]]:
    for path in VALID:
        for document in objects(path):
            yield from mutants.of(document)
