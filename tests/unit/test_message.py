"""The message that a learner reads: its parts, their order, and how they are wrapped."""

from __future__ import annotations

from dataclasses import dataclass, field

import click
import pytest

from kindlings.errors import Findings, InfrastructureError
from kindlings.results import part
from kindlings.writers.message import WIDTH, Heading, Shown, failure, infrastructure, shown

HEADING = Heading("module5", "golang-svc.yaml", "GET /hello answers on the node port.", 2)


def test_the_message_has_its_seven_parts_in_order() -> None:
    """A heading with the points at stake, then six labelled lines."""
    findings = Findings(
        expected="HTTP 200 from http://127.0.0.1:32000/hello",
        saw="no answer for 5 s",
        because="the Service selects app=aplication (golang-svc.yaml:8)",
        look="kindlings kubectl -n module5-golang-svc get endpointslices,pods --show-labels",
        read="https://kubernetes.io/docs/concepts/services-networking/service/",
        hint="A Service finds its Pods by their labels.",
    )
    heading = "module5 · golang-svc.yaml · GET /hello answers on the node port"
    assert failure(HEADING, findings).splitlines() == [
        heading + "0 of 2 points".rjust(WIDTH - len(heading)),
        "  expected  HTTP 200 from http://127.0.0.1:32000/hello",
        "  saw       no answer for 5 s",
        "  because   the Service selects app=aplication (golang-svc.yaml:8)",
        "  look      kindlings kubectl -n module5-golang-svc get endpointslices,pods --show-labels",
        "  hint      A Service finds its Pods by their labels.",
        "  read      https://kubernetes.io/docs/concepts/services-networking/service/",
    ]


def test_what_is_not_known_leaves_no_line() -> None:
    """An empty part is left out."""
    lines = failure(HEADING, Findings("a count", "silence")).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["expected", "saw"]


@pytest.mark.parametrize(("points", "words"), [(0, ""), (1, "0 of 1 point"), (3, "0 of 3 points")])
def test_the_heading_counts_points(points: int, words: str) -> None:
    """One point is singular, none is not mentioned."""
    heading = str(Heading("module1", "", "It works", points))
    assert heading.startswith("module1 · It works")
    assert heading.removeprefix("module1 · It works").strip() == words


def test_a_long_heading_keeps_its_points_apart() -> None:
    """At least two spaces, however long the title."""
    assert str(Heading("module1", "a.yaml", "x" * 120, 1)).endswith("x  0 of 1 point")


def test_long_text_is_wrapped_under_itself() -> None:
    """Lines have the message's width, words stay whole, and what follows is indented."""
    lines = failure(HEADING, Findings("a count", "word " * 60)).splitlines()[2:]
    assert len(lines) > 1
    assert all(len(line) <= WIDTH for line in lines)
    assert all(line.startswith(" " * 12 + "word") for line in lines[1:])


def test_commands_and_addresses_stay_whole() -> None:
    """They are there to be copied."""
    look = "kindlings kubectl -n namespace get pods " + "--show-labels " * 12
    lines = failure(HEADING, Findings("a", "b", look=look.strip(), read="https://" + "x" * 200)).splitlines()
    assert lines[-2] == f"  look      {look.strip()}"
    assert lines[-1] == f"  read      https://{'x' * 200}"


def test_our_trouble_takes_no_points() -> None:
    """What was not judged says so, with what to do."""
    trouble = InfrastructureError("The API server is gone.", "Run `kindlings up`.")
    assert infrastructure(HEADING, trouble).splitlines() == [
        "module5 · golang-svc.yaml · GET /hello answers on the node port: not judged",
        "  trouble   The API server is gone.",
        "  do        Run `kindlings up`.",
    ]
    assert "  do  " not in infrastructure(HEADING, InfrastructureError("Gone."))


@pytest.mark.parametrize("words", [3, 60])
def test_a_part_is_read_back_in_a_line(words: int) -> None:
    """However it was wrapped; a part that the message does not have is empty."""
    saw = " ".join(["words"] * words)
    text = failure(HEADING, Findings("a count", saw, hint="saw it"))
    assert part(text, "saw") == saw
    assert part(text, "hint") == "saw it"
    assert part(text, "because") == ""


SAID = failure(
    HEADING,
    Findings(
        expected="HTTP 200 from http://127.0.0.1:32000/hello",
        saw="no answer for 5 s",
        because="the Service selects app=aplication (golang-svc.yaml:8), and no Pod has that label; " * 2,
        look="kindlings kubectl -n module5-golang-svc get endpointslices,pods --show-labels",
    ),
)


@pytest.mark.parametrize("columns", [40, 60, 80, 109, 110, 200])
def test_a_terminal_cuts_no_word(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However narrow it is, all words stand there, in lines that fit; what is to be copied is one line."""
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = click.unstyle(shown(SAID)).splitlines()
    assert " ".join(lines).split() == SAID.split()
    assert all(len(line) <= columns for line in lines if not line.startswith("  look"))
    assert [line for line in lines if "look" in line] == [SAID.splitlines()[-1]]


def test_a_wide_terminal_shows_what_a_file_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the colours; the points stand at the right."""
    monkeypatch.setenv("COLUMNS", "200")
    assert click.unstyle(shown(SAID)) == SAID
    assert shown(SAID) != SAID


def test_points_that_do_not_fit_have_a_line_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the right, as always."""
    monkeypatch.setenv("COLUMNS", "65")
    heading = "module5 · golang-svc.yaml · GET /hello answers on the node port"
    assert click.unstyle(shown(SAID)).splitlines()[:2] == [heading, "0 of 2 points".rjust(65)]


@pytest.mark.parametrize("text", ["", "E   assert 1 == 2", "one\n  two   words\nthree", "a\n  saw"])
def test_what_is_no_message_is_shown_as_it_is(text: str) -> None:
    """A traceback has lines of its own."""
    assert click.unstyle(shown(text)) == text


@dataclass
class Paper:
    """What pytest writes to, and what it has been given."""

    hasmarkup: bool
    lines: list[str] = field(default_factory=list)

    def line(self, s: str, /) -> None:
        """Keep a line."""
        self.lines.append(s)


@pytest.mark.parametrize("hasmarkup", [False, True])
def test_pytest_prints_colours_on_a_terminal_only(*, hasmarkup: bool) -> None:
    """Files, and what is kept of a run, have the message itself."""
    paper = Paper(hasmarkup)
    Shown(SAID).toterminal(paper)
    assert paper.lines == [shown(SAID) if hasmarkup else SAID]
