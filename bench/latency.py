"""From the API server's change to the test going on. Limits: median 100 ms, 99th percentile 300 ms.

Each round annotates a Pod and waits for the annotation; the clock starts before the request is sent, so that
the request's own time is counted, too.
"""

from __future__ import annotations

import statistics
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kindlings import course, lesson, running, waiting
from kindlings.cluster.api import KINDS
from kindlings.cluster.up import attach
from kindlings.conditions import PATIENCE, Met, NotYet, Scene, Target
from kindlings.session import Session

if TYPE_CHECKING:
    from kindlings.conditions import Verdict

ROUNDS = 200


@dataclass(frozen=True)
class Annotated:
    """The Pod carries the round's number."""

    value: str
    tolerates: frozenset[str] = frozenset()
    patience: float = PATIENCE

    def describe(self, target: Target) -> str:
        """Say what is awaited."""
        return f"{target.title} annotated {self.value}"

    def check(self, scene: Scene) -> Verdict:
        """Look at the annotation."""
        for pod in scene.objects:
            if (pod["metadata"].get("annotations") or {}).get("bench") == self.value:
                return Met([pod])
        return NotYet("another")


def main() -> None:
    """Measure and print the percentiles."""
    session = Session(attach().kubeconfig_path, "bench")
    lab = session.open(lesson.of(main, "bench", ()), "latency", course.solutions() / "module1")
    try:
        pod = lab.apply("single-container.yaml").pod("counter").wait(running())
        path = KINDS["Pod"].path(lab.namespace, pod.name)
        taken = []
        for number in range(ROUNDS):
            body = {"metadata": {"annotations": {"bench": str(number)}}}
            change = threading.Thread(target=session.admin.patch, args=(path, body))
            start = time.perf_counter()
            change.start()
            waiting.wait(lab.recorder, pod.target, Annotated(str(number)))
            taken.append(1000 * (time.perf_counter() - start))
            change.join()
    finally:
        session.close(lab, keep=False)
    percentiles = statistics.quantiles(taken, n=100)
    print(f"{ROUNDS} changes: median {percentiles[49]:.0f} ms, 99th percentile {percentiles[98]:.0f} ms")


if __name__ == "__main__":
    main()
