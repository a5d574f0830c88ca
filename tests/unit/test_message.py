"""The message that a learner reads: its parts, their order, and how they are wrapped."""

from __future__ import annotations

import pytest

from kindlings.errors import Findings, InfrastructureError
from kindlings.results import part
from kindlings.writers.message import WIDTH, Heading, failure, infrastructure

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
