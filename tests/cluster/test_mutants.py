"""A sample of the course's mutants: each is found by a lesson, and its learner reads a message."""

from __future__ import annotations

import sys

from kindlings.authoring import mutants, mutating
from kindlings.console import make_progress

SAMPLE = 8
SEED = 5


def test_a_sample_of_mutants_is_found() -> None:
    """Of eight mutants of modules 1 to 7 none survives and none ends in an error of ours."""
    derived = mutants.derive([f"module{number}" for number in range(1, 8)])
    taken = mutants.sample(derived.mutants, SAMPLE, SEED)
    report = mutating.judge(derived, taken, mutating.Options(jobs=2), make_progress(sys.stderr))
    assert report.is_well, "\n".join(report.lines())
    assert len(report.verdicts) == SAMPLE
