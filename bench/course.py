"""The course on a running cluster. Limits: module 1 in 20 s, by four workers 12 s; a verdict in 3 s."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from kindlings.authoring import answers
from kindlings.cluster.up import attach
from kindlings.errors import LabFailure
from kindlings.session import Session

ROOT = Path(__file__).parents[1]


def solutions(*arguments: str) -> None:
    """Print how long a run of the solutions takes."""
    command = [sys.executable, "-m", "pytest", "exercises/module1", "--solutions", "-q", *arguments]
    start = time.perf_counter()
    finished = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    last = finished.stdout.strip().splitlines()[-1]
    print(f"solutions {' '.join(arguments):5} {time.perf_counter() - start:5.1f} s: {last}")


def verdicts() -> None:
    """Print how long a wrong answer takes from apply to its message."""
    session = Session(attach().kubeconfig_path, "bench", None, course_images=())
    taken = []
    for folder in answers.folders():
        test = answers.the_lesson(folder)
        lab = session.open(test.about, folder.name, folder)
        start = time.perf_counter()
        try:
            test.function(lab)
        except LabFailure:
            taken.append(time.perf_counter() - start)
        session.close(lab, keep=False)
    tail = statistics.quantiles(taken, n=20)[18]
    print(
        f"{len(taken)} wrong verdicts: median {statistics.median(taken):.1f} s, 95th percentile {tail:.1f} s"
    )


def main() -> None:
    """Run all, one after the other."""
    solutions("-n", "0")
    solutions("-n", "4")
    verdicts()


if __name__ == "__main__":
    main()
