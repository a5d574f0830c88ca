"""From a save to what `kindlings watch` says. Limits: static findings 0.3 s, a one-Pod lab's verdict 4 s.

A watch of module 1 runs in a course folder of its own, and single-container.yaml is saved as editors do it:
a new file in its place. Rounds take turns: a field that no Pod has, whose line is the finding; then the
solution, of whose labs the first verdict counts, and the last.
"""

from __future__ import annotations

import os
import queue
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from kindlings import course, marks
from kindlings.desk import making

COMMAND = [sys.executable, "-c", "from kindlings import cli; cli.main()"]
ROUNDS = 5
PATIENCE = 120
"""Seconds after which a word that does not come ends the measurement."""
FILE = "single-container.yaml"
LABS = 4
"""Of module 1, those that take the file last."""
VERDICTS = ("passed", "failed", "error")


@dataclass
class Watch:
    """A watch, and its lines with the moments at which they came."""

    process: subprocess.Popen[str]
    lines: queue.SimpleQueue[tuple[float, str]] = field(default_factory=queue.SimpleQueue)

    def read(self) -> None:
        """Take its lines until it ends."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put((time.perf_counter(), line.rstrip()))

    def until(self, *beginnings: str) -> float:
        """Return when the next line comes that begins so."""
        while True:
            at, line = self.lines.get(timeout=PATIENCE)
            if line.startswith(beginnings):
                return at


def save(path: Path, text: str) -> float:
    """Put a new file in the place of `path`; return when."""
    beside = path.with_name(f".{path.name}.swp")
    beside.write_text(text)
    start = time.perf_counter()
    beside.replace(path)
    return start


def main() -> None:
    """Measure in turns, and print medians and the longest."""
    solved = marks.solution((course.solutions() / "module1" / FILE).read_text(), FILE)
    taken: dict[str, list[float]] = {"static finding": [], "first verdict": [], "last verdict": []}
    with tempfile.TemporaryDirectory() as folder:
        path = making.make(Path(folder) / "course").exercises / "module1" / FILE
        process = subprocess.Popen(
            [*COMMAND, "watch", "module1", "--plain"], cwd=path.parent, stdout=subprocess.PIPE, text=True
        )
        watch = Watch(process)
        threading.Thread(target=watch.read, daemon=True).start()
        for _ in range(LABS):
            watch.until(*VERDICTS)
        for number in range(ROUNDS):
            start = save(path, f"{solved}  restarts: {number}\n")
            taken["static finding"].append(watch.until(f"{FILE}:") - start)
            for _ in range(LABS):
                watch.until(*VERDICTS)
            start = save(path, f"{solved}# {number}\n")
            ends = [watch.until(*VERDICTS) for _ in range(LABS)]
            taken["first verdict"].append(ends[0] - start)
            taken["last verdict"].append(ends[-1] - start)
        process.terminate()
        process.wait()
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {ROUNDS} rounds")
    for name, seconds in taken.items():
        print(f"{name:15} median {statistics.median(seconds):.2f} s, longest {max(seconds):.2f} s")


if __name__ == "__main__":
    main()
