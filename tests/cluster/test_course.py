"""The course tests itself: solutions pass, untouched exercises fail with a message, nothing is left."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from kindlings.cluster import access
from kindlings.cluster.api import KINDS
from kindlings.session import label_of
from tests.cluster.course_run import ROOT, Run, pytest_run

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.session import Session

MODULES = sorted(path.name for path in (ROOT / "exercises").glob("module*"))


@pytest.fixture(scope="module")
def solved(kind_cluster: object, tmp_path_factory: pytest.TempPathFactory) -> Run:  # noqa: ARG001 - a need
    """Give the run of all solutions by four workers."""
    return pytest_run(tmp_path_factory.mktemp("solved"), "exercises", "--solutions", "-n", "4")


@pytest.fixture(scope="module")
def untouched(kind_cluster: object, tmp_path_factory: pytest.TempPathFactory) -> Run:  # noqa: ARG001 - a need
    """Give the run of all untouched exercises by four workers."""
    return pytest_run(tmp_path_factory.mktemp("untouched"), "exercises", "-n", "4")


@pytest.mark.parametrize("module", MODULES)
def test_solutions_pass(module: str, solved: Run) -> None:
    """The solutions of a module pass while four workers run the whole course."""
    assert solved.of(module), solved.output
    assert {ended for ended, _ in solved.of(module).values()} == {"passed"}, solved.output


@pytest.mark.usefixtures("kind_cluster")
def test_solutions_pass_one_after_the_other(tmp_path: Path) -> None:
    """The solutions of a module pass without workers, too, and the run gives all points."""
    run = pytest_run(tmp_path, "exercises/module2", "--solutions")

    assert run.code == 0, run.output
    assert run.outcomes
    assert run.named("passed") == sorted(run.outcomes)


@pytest.mark.parametrize("module", MODULES)
def test_untouched_exercises_fail_with_a_message(module: str, untouched: Run) -> None:
    """Every lab of an untouched module fails by assertion, with what was expected, seen and advised."""
    assert untouched.code == 1, untouched.output
    assert untouched.of(module), untouched.output
    for name, (ended, text) in untouched.of(module).items():
        assert ended == "failure", f"{name} ended as {ended}:\n{text}"
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


def test_a_killed_run_is_swept_up_by_the_next(kindlings_session: Session, tmp_path: Path) -> None:
    """What a run left that was ended by SIGKILL goes when the next one begins."""
    command = [sys.executable, "-m", "pytest", "exercises/module1", "--solutions", "-q", "-k", "counts"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        left = _first_namespace_of(kindlings_session, run.pid)
        run.kill()

    pytest_run(tmp_path, "exercises/module1", "--solutions", "-k", "environment")

    now = {one["metadata"]["name"]: one for one in access.namespaces(kindlings_session.admin)}
    assert left not in now or "deletionTimestamp" in now[left]["metadata"]


def _first_namespace_of(session: Session, pid: int) -> str:
    """Wait until the process `pid` has made a namespace, and return its name."""
    stream = session.admin.stream(KINDS["Namespace"].path(), read_timeout=60, watch="true")
    try:
        for line in stream:
            metadata = json.loads(line)["object"]["metadata"]
            if (metadata.get("annotations") or {}).get(access.OWNER, "").endswith(f"/{pid}"):
                return str(metadata["name"])
    finally:
        stream.close()
    raise AssertionError(f"process {pid} made no namespace")


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
