"""Start-up: what a user waits for before anything happens. Limits: 0.5 s each."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMANDS = {
    "python -c 'import pytest'": [sys.executable, "-c", "import pytest"],
    "kindlings --help": [str(Path(sys.executable).parent / "kindlings"), "--help"],
    "pytest exercises --collect-only": [sys.executable, "-m", "pytest", "exercises", "--collect-only", "-q"],
}


def seconds(command: list[str]) -> float:
    """Return how long `command` takes."""
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Take turns, so that the machine's mood falls on all alike."""
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(11):
        for name, command in COMMANDS.items():
            taken[name].append(seconds(command))
    base = statistics.median(next(iter(taken.values())))
    for name, values in taken.items():
        median = statistics.median(values)
        print(
            f"{name:34} median {median:.2f} s, best {min(values):.2f} s, {median / base:.1f} x pytest alone"
        )


if __name__ == "__main__":
    main()
