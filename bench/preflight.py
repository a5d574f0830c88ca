"""Preflight: the share of the wrong answers that it finds without a cluster, and what it takes for a file.

Limit: 0.3 s for a file after the import. A wrong answer counts as found where preflight has anything to say
of its manifests; those without any (predictions, lines of kubectl) are left out.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from pathlib import Path

from kindlings import preflight
from kindlings.preflight import schemas

ROOT = Path(__file__).parents[1]


def seconds(path: Path) -> float:
    """Return the CPU seconds of one check of the file."""
    start = time.process_time()
    preflight.check([path])
    return time.process_time() - start


def main() -> None:
    """Count the wrong answers found, by module, then measure each solution's file."""
    found: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for folder in sorted((ROOT / "tests" / "wrong_answers").glob("module*/*")):
        if not (paths := sorted(folder.glob("*.yaml"))):
            continue
        report = preflight.check(paths)
        if any(one.rule == "no-kind" for one in report.findings):
            continue  # a lab's answers, which are no manifest
        module = folder.parent.name
        total[module] += 1
        for level in {one.level for one in report.findings} | ({"any"} if report.findings else set()):
            found[f"{module} {level}"] += 1
    for module, count in total.items():
        print(f"{module}: {found[f'{module} any']} of {count}, with an error {found[f'{module} error']}")
    share = sum(found[f"{module} any"] for module in total) / total.total()
    print(f"all: {share:.0%} of {total.total()}")
    files = sorted((ROOT / "solutions").glob("*/*.yaml"))
    schemas.of_version.cache_clear()
    schemas.kinds_of.cache_clear()
    print(f"first file, with the schemas to read: {seconds(files[-1]):.3f} s")
    taken = [seconds(path) for path in files]
    print(f"each further file: median {statistics.median(taken):.4f} s, longest {max(taken):.4f} s")


if __name__ == "__main__":
    main()
