"""A cluster that fails in mid-class: nobody has a zero of it, and the same command grades the rest.

Only with KINDLINGS_EVERY_FAULT=1, as they take minutes: of module 1 one test is graded.
KINDLINGS_EVERY_FAULT=module2 has all of that module graded.
"""

from __future__ import annotations

import os
import signal
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from kindlings.cluster import api, machine
from kindlings.cluster.down import down
from kindlings.grading import one
from tests.cluster.apart.graded_class import ALL, Class, Strike
from tests.cluster.apart.small_disk import filled_by, small_disk
from tests.cluster.apart.way import Way
from tests.unit.progress_log import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kindlings.cluster.kind import Cluster
    from kindlings.grading.one import Assignment
    from kindlings.grading.trusted import Limits, Target

EVERY: Final = os.environ.get("KINDLINGS_EVERY_FAULT", "")
pytestmark = pytest.mark.skipif(not EVERY, reason="takes minutes: KINDLINGS_EVERY_FAULT=1")


@pytest.fixture
def the_class(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Class:
    """Give a class that is graded on the cluster of these tests."""
    monkeypatch.setenv("KINDLINGS_CLUSTER", cluster.name)
    whole = EVERY if EVERY.startswith("module") else ""
    if not whole:
        _take_one_test(monkeypatch)
    return Class.hand_in(tmp_path, whole or "module1")


def _take_one_test(monkeypatch: pytest.MonkeyPatch) -> None:
    every = one.assignment

    def of_one_test(modules: tuple[str, ...], target: Target, limits: Limits) -> Assignment:
        task = every(modules, target, limits)
        tests = tuple(test for test in task.tests if test.name == "test_the_counter_becomes_ready")
        assert tests
        return replace(task, tests=tests)

    monkeypatch.setattr(one, "assignment", of_one_test)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a server that is away for two seconds for one that is gone, here and in the graded runs."""
    monkeypatch.setenv("KINDLINGS_PATIENCE", "2")
    monkeypatch.setattr(api, "PATIENCE", 2.0)


def graded_through(
    fault: Callable[[], object], the_class: Class, cluster: Cluster, context: str = ""
) -> tuple[int, set[str]]:
    """Grade the class with the fault in its midst; return the exit code, and who has a grade.

    Whoever has one has what they had without the fault, and who has none has no score in any file.
    """
    strike = Strike(cluster.kubeconfig_path, the_class.out, fault)
    try:
        code = the_class.grade(context)
    finally:
        strike.end()
    said = the_class.said.getvalue()
    assert strike.done, said
    assert the_class.shares.items() <= ALL.items(), said
    assert the_class.scores_written.keys() == the_class.graded.keys(), said
    assert the_class.graded, said
    assert code == (0 if len(the_class.graded) == len(ALL) else 7), said
    return code, set(the_class.graded)


def demand_the_rest(the_class: Class, context: str = "") -> None:
    """Demand that the same command keeps who is graded, and grades the others as without any fault."""
    before = {name: run.run for name, run in the_class.graded.items()}

    assert the_class.grade(context) == 0, the_class.said.getvalue()

    assert the_class.shares == ALL
    assert before.items() <= {name: run.run for name, run in the_class.graded.items()}.items()


@pytest.fixture
def way(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Way]:
    """Give a way to the cluster by which the kubeconfig of the environment leads."""
    text = cluster.kubeconfig_path.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if "server:" in line)
    with Way(int(line.rpartition(":")[2])) as opened:
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(text.replace(line, f"    server: https://127.0.0.1:{opened.port}"))
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
        yield opened


@pytest.mark.usefixtures("impatient")
def test_a_cluster_that_is_cut_off_costs_nobody_a_point(way: Way, the_class: Class, cluster: Cluster) -> None:
    """Where the way to a foreign cluster ends, the class does, and goes on when there is one again."""
    context = f"kind-{cluster.name}"

    code, _ = graded_through(way.cut, the_class, cluster, context)

    assert code == 7
    assert "The cluster does not answer" in the_class.said.getvalue()
    way.mend()
    demand_the_rest(the_class, context)


def test_a_full_disk_costs_nobody_a_point(
    the_class: Class, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk of the grades and of the runs is full, what is kept stays, and the rest comes later."""
    with small_disk(tmp_path / "small", "size=4m") as disk:
        monkeypatch.setattr(tempfile, "tempdir", str(disk))
        the_class.out = disk / "out"
        with filled_by(disk / "ballast") as fill:
            code, _ = graded_through(fill, the_class, cluster)
        assert code == 7
        assert "no space left on" in the_class.said.getvalue().lower()
        demand_the_rest(the_class)


def test_an_api_server_that_is_killed_costs_nobody_a_point(the_class: Class, cluster: Cluster) -> None:
    """It comes back, and runs go on; who is not graded is graded by the same command."""
    kill = ("exec", f"{cluster.name}-control-plane", "pkill", "-KILL", "kube-apiserver")

    graded_through(lambda: cluster.engine.run(*kill), the_class, cluster)

    demand_the_rest(the_class)


@pytest.mark.parametrize("verb", ["stop", "pause"])
@pytest.mark.parametrize("nodes", ["worker", "workers", "control-plane"])
def test_a_node_that_stops_costs_nobody_a_point(
    nodes: str, verb: str, the_class: Class, cluster: Cluster, request: pytest.FixtureRequest
) -> None:
    """Whatever the others can still do; the node is brought back by the same command."""
    names = [node.name for node in cluster.nodes() if nodes.removesuffix("s") in node.name]
    stopped = names if nodes == "workers" else names[:1]
    arguments = ("stop", "--time=0") if verb == "stop" else ("pause",)
    request.addfinalizer(lambda: cluster.engine.run("unpause", *stopped, check=False))

    graded_through(lambda: cluster.engine.run(*arguments, *stopped), the_class, cluster)

    cluster.engine.run("unpause", *stopped, check=False)
    demand_the_rest(the_class)


def test_a_full_disk_of_the_nodes_costs_nobody_a_point(the_class: Class, cluster: Cluster) -> None:
    """The engine's store has no room for what the nodes write; it must be on a small disk of its own.

    What they have they can still run, so it may be that all are graded.
    """
    store, free = machine.disk(cluster.engine) or (Path("/"), 0)
    if not 0 < free < 20 * machine.GIB:
        pytest.skip(f"the engine's store, {store}, is not on a small disk of its own")

    with filled_by(store / "ballast") as fill:
        graded_through(fill, the_class, cluster)
    demand_the_rest(the_class)


def _kill_with_their_engine(cluster: Cluster) -> None:
    """Kill what the engine runs for each node, and each node's first process, as a machine's end does."""
    for node in cluster.nodes():
        asked = ("inspect", "--format", "{{.State.ConmonPid}} {{.State.Pid}}", node.name)
        for number in cluster.engine.run(*asked).stdout.split():
            os.kill(int(number), signal.SIGKILL)


@pytest.mark.usefixtures("impatient")
def test_an_engine_that_is_killed_costs_nobody_a_point(the_class: Class, cluster: Cluster) -> None:
    """The engine does not know what became of its containers; the same command starts or replaces them."""
    if cluster.engine.name != "podman":
        pytest.skip("Docker's daemon is the machine's, and may have other containers")

    code, _ = graded_through(lambda: _kill_with_their_engine(cluster), the_class, cluster)

    assert code == 7
    demand_the_rest(the_class)


@pytest.mark.usefixtures("impatient")
def test_a_cluster_that_is_deleted_costs_nobody_a_point(
    the_class: Class, cluster: Cluster, kind_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The class ends, and is brought to its end on another cluster with the same points."""
    code, _ = graded_through(lambda: down(Log(), name=cluster.name), the_class, cluster)

    assert code == 7
    assert "The cluster does not answer" in the_class.said.getvalue()
    monkeypatch.setenv("KINDLINGS_CLUSTER", kind_cluster.name)
    demand_the_rest(the_class)
