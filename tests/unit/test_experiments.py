"""What an experiment reads of the API server's own word on itself."""

from __future__ import annotations

from typing import Any, cast

import pytest
import urllib3

from kindlings.cluster.api import Refusal
from kindlings.experiments.health import Health


class _Bench:
    def __init__(self, trouble: Exception) -> None:
        self.admin = self
        self.trouble = trouble
        self.window = 0.0

    def stream(self, *_: object, **__: object) -> None:
        """Be refused."""
        raise self.trouble


def readyz(*failed: str) -> Refusal:
    """Return the answer of an API server whose checks `failed`."""
    lines = ["[+]ping ok", *(f"[-]{name} failed: reason withheld" for name in failed), "readyz check failed"]
    return Refusal(500, {"message": "\n".join(lines)})


@pytest.mark.parametrize("failed", [("etcd",), ("etcd-readiness",), ("etcd", "etcd-readiness")])
def test_whichever_check_of_etcd_fails_first_the_words_are_the_same(failed: tuple[str, ...]) -> None:
    """A learner reads of etcd, not of which of its two checks was the quicker one."""
    seen = Health().during(cast("Any", _Bench(readyz(*failed))))
    assert seen.outcome == "is-not-ready"
    assert seen.words == "the API server's /readyz answers 500: etcd failed"


def test_no_answer_is_silence() -> None:
    """A server that cannot be reached is told from one that says no."""
    seen = Health().during(cast("Any", _Bench(urllib3.exceptions.HTTPError("timed out"))))
    assert seen.outcome == "is-silent"
