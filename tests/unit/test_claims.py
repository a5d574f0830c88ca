"""A claim is bound to a volume of the size that a lesson asks for, and a smaller one is told by its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kindlings import explain, symptoms
from kindlings.conditions import Impossible, Met, NotYet, Target, bound, ready
from kindlings.explain.sources import Sources
from kindlings.waiting import Unmet
from tests.unit.fakes import claim, document, event, pod, scene, snapshot, the_pod

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.conditions import Verdict
    from kindlings.recorder import Object

CLAIM = """\
kind: PersistentVolumeClaim
metadata:
  name: dok
spec:
  accessModes: [ReadOnlyMany]
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
        accessModes: [ReadOnlyMany]
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


def mounting(name: str) -> Object:
    """Return a Pod that waits for a claim."""
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": name}}]
    return pod(ready=False, phase="Pending", statuses=[], volumes=volumes)


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


def test_a_claim_that_no_pod_mounts_is_not_waited_for() -> None:
    """Where an Event says that its class makes volumes for Pods only; a Pod that mounts it may yet come."""
    one = claim()
    waits = event(one, "WaitForFirstConsumer", "waiting for first consumer to be created before binding")
    alone = bound().check(scene(TARGET, one, waits))
    assert alone == NotYet("PersistentVolumeClaim dok is Pending, and no Pod mounts it", 2.0)
    assert bound().check(scene(TARGET, one)) == NotYet("PersistentVolumeClaim dok is Pending")
    assert bound().check(scene(TARGET, one, waits, mounting("dok"))) == NotYet(
        "PersistentVolumeClaim dok is Pending"
    )


REFUSED = "a folder of one node can be ReadWriteOnce or ReadWriteOncePod, not ReadOnlyMany"


@pytest.mark.parametrize(("text", "name", "line"), [(CLAIM, "dok", 5), (STATEFULSET, "data-redis-0", 8)])
def test_a_pod_does_not_wait_for_a_claim_that_nobody_fulfils(
    tmp_path: Path, text: str, name: str, line: int
) -> None:
    """The provisioner says that it has no such access mode, and the line that asks for it is told."""
    one = claim(name)
    now = scene(the_pod(), mounting(name), one, event(one, "ProvisioningFailed", REFUSED))
    [trouble] = symptoms.find(now)
    assert trouble.family == "pending"
    sources = Sources([document(tmp_path, text, "dok.yaml")], "lab")
    verdict = Unmet(ready(), the_pod(), "ready", "this", now.snapshot, [trouble])
    said = f"no volume could be made for PersistentVolumeClaim {name} (dok.yaml:{line}): {REFUSED}"
    assert explain.unmet(verdict, sources).findings.because == said


def test_a_provisioner_in_trouble_is_none_of_the_claims() -> None:
    """What it may do at its next try is waited for, as long as is usual."""
    one = claim()
    now = scene(the_pod(), mounting("dok"), one, event(one, "ProvisioningFailed", "timed out"))
    assert [trouble.family for trouble in symptoms.find(now)] == ["volume"]


def because(folder: Path, text: str, one: Object, *, proved: bool) -> str:
    """Return the because line for a claim that is not what was waited for."""
    sources = Sources([document(folder, text, "dok.yaml")], "lab")
    verdict = Unmet(bound(at_least="10Mi"), TARGET, "10Mi", "less", snapshot(one), proved=proved)
    return explain.unmet(verdict, sources).findings.because


def test_the_line_of_the_size_is_told(tmp_path: Path) -> None:
    """It stands in the claim, or in the StatefulSet's template; a claim that waits has another cause."""
    assert because(tmp_path, CLAIM, sized("7"), proved=True) == "resources.requests.storage is 7 (dok.yaml:8)"
    template = because(tmp_path, STATEFULSET, sized("7", "data-redis-0"), proved=True)
    assert template == "resources.requests.storage is 7 (dok.yaml:11)"
    waits = "no Pod has PersistentVolumeClaim dok among its volumes, so it waits for one"
    assert because(tmp_path, CLAIM, claim(), proved=False) == waits
    assert because(tmp_path, STATEFULSET, claim("data-redis-0"), proved=False) == ""
