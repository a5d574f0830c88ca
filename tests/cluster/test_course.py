"""The course tests itself: solutions pass, untouched exercises fail with a message, nothing is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kindlings.cluster import access
from kindlings.cluster.api import KINDS
from kindlings.session import label_of
from tests.cluster.course_run import ROOT, pytest_run

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.session import Session

MODULES = sorted(path.name for path in (ROOT / "exercises").glob("module*"))


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("workers", ["0", "4"])
@pytest.mark.usefixtures("kind_cluster")
def test_solutions_pass(module: str, workers: str, tmp_path: Path) -> None:
    """The solutions of a module pass, serially and by four workers, with all points."""
    run = pytest_run(tmp_path, f"exercises/{module}", "--solutions", "-n", workers)

    assert run.code == 0, run.output
    assert run.outcomes
    assert run.named("passed") == sorted(run.outcomes)


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.usefixtures("kind_cluster")
def test_untouched_exercises_fail_with_a_message(module: str, tmp_path: Path) -> None:
    """Every lab of an untouched module fails by assertion, with what was expected, seen and advised."""
    run = pytest_run(tmp_path, f"exercises/{module}", "-n", "4")

    assert run.code == 1, run.output
    assert run.named("failure") == sorted(run.outcomes), run.output
    for name, (_, text) in run.outcomes.items():
        for label in ("expected", "saw", "because", "hint", "read"):
            assert f"\n  {label:<10}" in text, f"{name} says no {label}:\n{text}"
        assert "Traceback" not in text


def test_a_run_leaves_no_namespace(kindlings_session: Session, tmp_path: Path) -> None:
    """After a run under CI, which keeps no failure's namespace, every namespace it made is ending or gone."""
    before = {one["metadata"]["name"] for one in access.namespaces(kindlings_session.admin)}

    pytest_run(tmp_path, "exercises/module1", "-k", "counter", "-n", "2", CI="true")

    for namespace in access.namespaces(kindlings_session.admin):
        name = namespace["metadata"]["name"]
        assert name in before or "deletionTimestamp" in namespace["metadata"], name


def test_a_failed_lab_can_be_looked_at(kindlings_session: Session, tmp_path: Path) -> None:
    """The namespace of a lab's last failure stays until that lab runs again, so that its look line works."""
    name = "test_the_counter_becomes_ready"
    arguments = ("exercises/module1", "-k", name)

    first = pytest_run(tmp_path, *arguments, CI="")
    (kept,) = access.namespaces(kindlings_session.admin, kept="true", test=label_of("module1", name))
    assert kept["metadata"]["name"] in first.output

    second = pytest_run(tmp_path, *arguments, "--solutions", CI="")
    assert second.code == 0
    path = KINDS["Namespace"].path()
    still = [one for one in kindlings_session.admin.get(path)["items"] if one["metadata"] == kept["metadata"]]
    assert not still
