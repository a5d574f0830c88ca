"""Where nothing certain is known of a failure, its message has what the files show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kindlings import manifests
from kindlings.cluster.api import Refusal
from kindlings.errors import Findings, Place
from kindlings.explain import foreseen, refusals
from tests.unit.apistore import status
from tests.unit.preflight_cases import DEPLOYMENT, POD, SERVICE, changed

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.manifests import Document

ASTRAY = changed(SERVICE, ("app: web", "app: wbe"))
SHOWN = (
    "the Service selects app=wbe (a.yaml:8), and no Pod of the files carries that: the Pods of Deployment "
    "web carry app=web (b.yaml:17): make the Service's selector and the labels of the Pods of Deployment web "
    "alike"
)


def documents(folder: Path, *texts: str) -> list[Document]:
    """Return the documents of these texts, which are a.yaml, b.yaml and so on."""
    found: list[Document] = []
    for name, text in zip("abc", texts, strict=False):
        (folder / f"{name}.yaml").write_text(text)
        found += manifests.read(folder / f"{name}.yaml").documents
    return found


def completed(findings: Findings, found: list[Document]) -> str:
    """Return the because line that a failure gets."""
    foreseen.complete(findings, found)
    return findings.because


@pytest.mark.parametrize(
    "findings",
    [
        Findings("Service web to answer", "nothing"),
        Findings("an answer", "nothing"),
        Findings("an answer", "nothing", place=Place("a.yaml")),
    ],
)
def test_the_one_thing_that_the_files_show_is_the_cause(tmp_path: Path, findings: Findings) -> None:
    """Of a Service that selects nobody it is told with both lines, with what to do, at its place."""
    assert completed(findings, documents(tmp_path, ASTRAY, DEPLOYMENT)) == SHOWN
    assert findings.place == Place("a.yaml", 8, 5)


def test_what_is_known_stays(tmp_path: Path) -> None:
    """A cause that was found in the cluster is not replaced."""
    found = documents(tmp_path, ASTRAY, DEPLOYMENT)
    assert completed(Findings("Service web to answer", "nothing", "it is so"), found) == "it is so"


def test_nothing_is_guessed(tmp_path: Path) -> None:
    """Of several things none is taken, nor what is said of another object, nor anything without files."""
    two = changed(
        ASTRAY, ("    - port: 80\n", "    - port: 80\n      name: a\n    - port: 0\n      name: b\n")
    )
    assert completed(Findings("Service web to answer", "nothing"), documents(tmp_path, two, DEPLOYMENT)) == ""
    other = changed(POD, ("name: web\n  labels", "name: other\n  labels"))
    found = documents(tmp_path, ASTRAY, DEPLOYMENT, changed(other, ("app: web", "app: other")))
    assert completed(Findings("Pod other to be ready", "nothing"), found) == ""
    assert completed(Findings("an answer", "nothing"), []) == ""


def test_a_refusal_without_a_line_is_told_by_the_file(tmp_path: Path) -> None:
    """Where the server's words lead to no line, what preflight calls an error is the cause."""
    [pod] = documents(tmp_path, changed(POD, ("image:", "imgae:")))
    refusal = Refusal(400, status(400, "BadRequest", "it cannot be read"))
    told = refusals.refused(pod, refusal, "look").findings
    assert told.because == ("a container has no field imgae (a.yaml:13); did you mean image?")
    assert told.place == Place("a.yaml", 13, 7)
    [good] = documents(tmp_path, POD)
    assert refusals.refused(good, refusal, "look").findings.because == ""
