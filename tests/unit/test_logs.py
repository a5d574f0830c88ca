"""A container's log is followed to the line that decides, or to what the API server said instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kindlings import following
from kindlings.conditions import Impossible, Met, NotYet
from kindlings.logs import (
    Line,
    LogView,
    begins_with,
    counting_up,
    goes_on_after,
    lines,
    needs_container_name,
    says,
    written_twice,
)
from tests.unit.apistore import status

if TYPE_CHECKING:
    from kindlings.cluster.api import Api
    from kindlings.conditions import Verdict
    from kindlings.logs import LogCondition
    from tests.unit.apiserver import FakeApiServer


def view(*lines: tuple[float, str], ended: bool = False) -> LogView:
    """Return what is known of a log with these lines."""
    return LogView([Line(at, text) for at, text in lines], ended)


def test_a_count_goes_up_by_one() -> None:
    """Two numbers, one after the other, a second apart; other lines between do not matter."""
    assert isinstance(counting_up().check(view((0, "0: a"), (0.5, "hello"), (1, "1: b"))), Met)


def test_one_number_is_no_count() -> None:
    """It may come; where the log has ended it cannot."""
    assert isinstance(counting_up().check(view((0, "0: a"))), NotYet)
    verdict = counting_up().check(view((0, "0: a"), (1, "bye"), ended=True))
    assert isinstance(verdict, Impossible)
    assert "bye" in verdict.proof


@pytest.mark.parametrize("second", ["0: b", "2: b", "7: b"])
def test_numbers_that_stand_or_jump_are_no_count(second: str) -> None:
    """What is not one more than the line before is final."""
    assert isinstance(counting_up().check(view((0, "0: a"), (1, second))), Impossible)


def test_a_burst_is_no_count_that_goes_on() -> None:
    """Lines written at once may be from a loop that does not sleep."""
    assert isinstance(counting_up(every=2).check(view((0, "0: a"), (0.1, "1: b"))), NotYet)


def test_a_line_is_found_anywhere() -> None:
    """A text that comes is met, one that cannot come any more is not."""
    assert isinstance(says("awesome").check(view((0, "they are awesome!"))), Met)
    assert says("awesome").check(view()) == NotYet("an empty log")
    assert says("awesome").check(view((0, "meh"), ended=True)) == Impossible("the last line: meh")


def test_a_log_without_a_name_is_refused() -> None:
    """Only the server's own refusal is what the lab is about."""
    refused = LogView(refusal="a container name must be specified for pod counter, choose one of: [a b]")
    assert isinstance(needs_container_name().check(refused), Met)
    assert isinstance(needs_container_name().check(view((0, "0"))), Impossible)
    assert isinstance(counting_up().check(refused), Impossible)


def follow(api: Api, condition: LogCondition, container: str = "count") -> Verdict:
    """Follow the log of a container in the lab's namespace."""
    return following.follow(api, "lab", "counter", container, condition, 5)


def test_a_log_is_read_with_the_runtimes_times(server: FakeApiServer, api: Api) -> None:
    """Nanoseconds are cut, the pace is judged by when lines were written, not by when they came."""
    text = "2026-01-01T00:00:00.123456789Z 0: a\n2026-01-01T00:00:01.123456789Z 1: b\n"
    server.answer("GET", "/log$", 200, text)
    assert isinstance(follow(api, counting_up()), Met)
    (asked,) = server.asked("GET", "/log$")
    assert asked.query == {"follow": "true", "timestamps": "true", "container": "count"}


def test_a_log_that_ends_is_final(server: FakeApiServer, api: Api) -> None:
    """The end of the answer is the end of the container."""
    server.answer("GET", "/log$", 200, "2026-01-01T00:00:00Z hello\n")
    assert follow(api, says("awesome")) == Impossible("the last line: hello")


def test_a_refused_log_is_judged_by_the_servers_words(server: FakeApiServer, api: Api) -> None:
    """400 is an answer, not our trouble."""
    words = "a container name must be specified for pod counter, choose one of: [a b]"
    server.answer("GET", "/log$", 400, status(400, "BadRequest", words))
    assert isinstance(follow(api, needs_container_name(), ""), Met)


def test_a_count_begins_or_goes_on() -> None:
    """The first number decides, for good."""
    assert isinstance(begins_with(1).check(view((0, "hello"), (1, "1 by counter"))), Met)
    assert isinstance(begins_with(1).check(view((0, "7 by counter"))), Impossible)
    assert isinstance(goes_on_after(2).check(view((0, "3 by counter"))), Met)
    assert isinstance(goes_on_after(2).check(view((0, "1 by counter"))), Impossible)
    assert isinstance(goes_on_after(2).check(view((0, "hello"))), NotYet)


def test_a_number_of_two_writers_is_found() -> None:
    """One number from two Pods; the same from one Pod, or others from another, do not count."""
    assert isinstance(written_twice().check(view((0, "1 by a"), (0, "2 by a"), (0, "2 by b"))), Met)
    verdict = written_twice().check(view((0, "1 by a"), (0, "2 by a")))
    assert verdict == Impossible("2 numbers, each once, by 1 Pod")


def test_lines_are_counted() -> None:
    """Whatever they say; once the log has ended no more can come."""
    assert isinstance(lines(2).check(view((0, "a"), (1, "b"))), Met)
    assert isinstance(lines(2).check(view((0, "a"))), NotYet)
    assert lines(2).check(view((0, "a"), ended=True)) == Impossible("1 line, and the log has ended")
