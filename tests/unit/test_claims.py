"""A claim is bound to a volume of the size that a lesson asks for, and a smaller one is told by its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kindlings import explain
from kindlings.conditions import Impossible, Met, NotYet, Target, bound
from kindlings.explain.sources import Sources
from kindlings.waiting import Unmet
from tests.unit.fakes import claim, document, scene, snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.conditions import Verdict
    from kindlings.recorder import Object

CLAIM = """\
kind: PersistentVolumeClaim
metadata:
  name: dok
spec:
  resources:
    requests:
      storage: 7
"""
STATEFULSET = """\
kind: StatefulSet
metadata:
  name: redis
spec:
  volumeClaimTemplates:
    - metadata: {name: data}
      spec:
        resources:
          requests:
            storage: 7
"""
TARGET = Target(
    "PersistentVolumeClaim dok", "PersistentVolumeClaim", lambda now: now.all("PersistentVolumeClaim")
)


def sized(size: str | None, name: str = "dok") -> Object:
    """Return a claim that is bound to a volume of that size."""
    found = claim(name, phase="Bound")
    found["status"]["capacity"] = {"storage": size} if size else None
    return found


def judged(one: Object, at_least: str = "10Mi") -> Verdict:
    """Return whether the claim is bound to a volume of that size."""
    return bound(at_least=at_least).check(scene(TARGET, one))


@pytest.mark.parametrize("size", ["10Mi", "10485760", "1Gi"])
def test_a_volume_of_the_size_or_more_is_enough(size: str) -> None:
    """However the size is written."""
    assert isinstance(judged(sized(size)), Met)


@pytest.mark.parametrize("size", ["7", "10M", None])
def test_a_smaller_volume_never_becomes_larger(size: str | None) -> None:
    """What a bound claim has got is certain; without a size asked for, any is enough."""
    assert judged(sized(size)) == Impossible(f"PersistentVolumeClaim dok is Bound to a volume of {size}")
    assert isinstance(judged(sized(size), ""), Met)


def test_a_claim_that_waits_is_of_no_size() -> None:
    """It is not bound yet."""
    assert judged(claim()) == NotYet("PersistentVolumeClaim dok is Pending")
    assert bound(at_least="10Mi").describe(TARGET) == "PersistentVolumeClaim dok Bound to a volume of 10Mi"


def because(folder: Path, text: str, one: Object, *, proved: bool) -> str:
    """Return the because line for a claim that is not what was waited for."""
    sources = Sources([document(folder, text, "dok.yaml")], "lab")
    verdict = Unmet(bound(at_least="10Mi"), TARGET, "10Mi", "less", snapshot(one), proved=proved)
    return explain.unmet(verdict, sources).findings.because


def test_the_line_of_the_size_is_told(tmp_path: Path) -> None:
    """It stands in the claim, or in the StatefulSet's template; a claim that waits has another cause."""
    assert because(tmp_path, CLAIM, sized("7"), proved=True) == "resources.requests.storage is 7 (dok.yaml:7)"
    template = because(tmp_path, STATEFULSET, sized("7", "data-redis-0"), proved=True)
    assert template == "resources.requests.storage is 7 (dok.yaml:10)"
    waits = "no Pod has PersistentVolumeClaim dok among its volumes, so it waits for one"
    assert because(tmp_path, CLAIM, claim(), proved=False) == waits
    assert because(tmp_path, STATEFULSET, claim("data-redis-0"), proved=False) == ""
