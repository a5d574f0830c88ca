"""What a learner is told of a Pod that does not become what was awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kindlings import explain, symptoms
from kindlings.conditions import Target, ready
from kindlings.explain.sources import Sources
from kindlings.waiting import Unmet
from tests.unit.fakes import document, scene, the_pod

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.conditions import Condition
    from kindlings.errors import Findings
    from kindlings.recorder import Object

IMAGES = ("busybox:1.36", "busybox:1.37")
POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: counter
spec:
  containers:
    - name: count
      image: {image}
      command: [count]
"""
ITS_IMAGE = "its image is busybox:1.36 (single-container.yaml:8)"


def told(
    folder: Path,
    text: str,
    *found: Object,
    target: Target | None = None,
    condition: Condition | None = None,
    log: str = "",
    proved: bool = False,
) -> Findings:
    """Return what is told when the target of `text` ends as the first of `found`."""
    target, condition = target or the_pod(), condition or ready()
    now = scene(target, *found)
    sources = Sources([document(folder, text)], "lab", IMAGES, lambda _pod, _container: log)
    expected, found_troubles = condition.describe(target), symptoms.find(now)
    verdict = Unmet(condition, target, expected, "this", now.snapshot, found_troubles, proved)
    return explain.unmet(verdict, sources).findings
