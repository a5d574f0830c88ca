"""Label selectors mean what they mean to `kubectl get -l`."""

from __future__ import annotations

import pytest

from kindlings.errors import UsageError
from kindlings.selectors import matches

LABELS = {"app": "counter", "tier": "web", "example.com/part": "a-b.c_d"}


@pytest.mark.parametrize(
    "selector",
    [
        "",
        "app=counter",
        "app==counter",
        "app = counter",
        "app!=other",
        "missing!=anything",
        "app",
        "!missing",
        "app in (counter, other)",
        "app in (counter)",
        "tier notin (db,cache)",
        "missing notin (a)",
        "app=counter,tier=web",
        "app=counter, tier in (web), !missing",
        "example.com/part=a-b.c_d",
    ],
)
def test_what_is_chosen(selector: str) -> None:
    """Every requirement holds."""
    assert matches(selector, LABELS)


@pytest.mark.parametrize(
    "selector",
    [
        "app=other",
        "app!=counter",
        "missing",
        "!app",
        "app in (a,b)",
        "app notin (counter)",
        "app=counter,tier=db",
    ],
)
def test_what_is_not_chosen(selector: str) -> None:
    """One requirement that does not hold is enough."""
    assert not matches(selector, LABELS)


@pytest.mark.parametrize("selector", ["=", "app=counter;", "app in counter", "(a)", "app=a b"])
def test_what_is_no_selector_is_a_mistake_of_the_lesson(selector: str) -> None:
    """It chooses nothing by accident."""
    with pytest.raises(UsageError, match="is no label selector"):
        matches(selector, LABELS)
