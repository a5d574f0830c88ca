"""A class on a running cluster: 20 submissions of module 2 in 3 minutes, each at the same cost in any class.

On a machine that has other things to do, compare the quarters of one class.

Usage: python bench/grading.py [STUDENTS ...], by default 5 20 80.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from kindlings import course

MODULE = "module2"
JOBS = 4


def submissions(folder: Path, students: int) -> None:
    """Write a class of which half have solved it, and each other has another mistake or none of it done."""
    wrong = sorted((course.exercises().parent / "tests" / "wrong_answers" / MODULE).iterdir())
    others = itertools.cycle([course.exercises() / MODULE, *wrong])
    for number in range(students):
        place = folder / f"student-{number:03}" / "exercises" / MODULE
        shutil.copytree(course.solutions() / MODULE, place)
        if number % 2:
            for path in [*(other := next(others)).glob("*.yaml"), *other.glob("*.sh")]:
                shutil.copy(path, place)


def peak(pid: int) -> int:
    """Return the most memory that a process and its children have had together so far, in MiB."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except (OSError, ValueError):
            continue
        if str(pid) in {fields["Pid"].strip(), fields["PPid"].strip()}:
            total += int(fields.get("VmHWM", "0 kB").split()[0])
    return total // 1024


def grade(students: int) -> None:
    """Grade a class of so many, and print what it took."""
    with tempfile.TemporaryDirectory() as name:
        given, out = Path(name) / "given", Path(name) / "out"
        submissions(given, students)
        command: list[str | Path] = [Path(sys.executable).with_name("kindlings"), "grade", given]
        start = time.perf_counter()
        most = 0
        with subprocess.Popen(
            [*command, "--module", MODULE, "--jobs", str(JOBS), "--out", out],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process:
            for _ in process.stderr or ():
                most = max(most, peak(process.pid))
            _, _, used = os.wait4(process.pid, 0)
            process.returncode = 0
        took = time.perf_counter() - start
        kept = sorted(out.glob("*/kindlings.json"), key=lambda path: path.stat().st_mtime)
        ends = [path.stat().st_mtime for path in kept]
        results = [json.loads(path.read_text()) for path in kept]
    graded = sum(one["graded"] for one in results)
    print(
        f"{students:3} students: {took:6.1f} s, {took / students:5.2f} s each; {graded} graded; "
        f"the grader alone {used.ru_maxrss // 1024} MiB at most, with its {JOBS} runs {most} MiB"
    )
    if students >= 4 * JOBS:
        quarters(ends, results)


def quarters(ends: list[float], results: list[dict[str, Any]]) -> None:
    """Print what a student costs in the first quarter of a class, and in the last one."""
    count = len(ends) // 4
    for called, of, since in (("first", slice(1, count + 1), 0), ("last", slice(-count, None), -count - 1)):
        each = (ends[of][-1] - ends[since]) / count
        solved = [
            sum(test["seconds"] for test in one["tests"])
            for one in results[of]
            if one["score"] == one["max_score"]
        ] or [0.0]
        print(
            f"    {called} quarter: a student every {each:5.2f} s; "
            f"the tests of who has solved all {statistics.median(solved):5.1f} s (median of {len(solved)})"
        )


def main() -> None:
    """Grade each class of the command line, the smallest first."""
    for students in sorted(map(int, sys.argv[1:] or ["5", "20", "80"])):
        grade(students)


if __name__ == "__main__":
    main()
