"""The pytest plugin, run by pytest on small courses against an API server on a socket."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import kubernetes.client
import kubernetes.config
import pytest

from kindlings import session
from kindlings.cluster import images
from kindlings.cluster.api import KINDS
from kindlings.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from tests.unit.apiserver import FakeApiServer

pytest_plugins = ["pytester"]

IMPORTED = (kubernetes.client, kubernetes.config, session, images)
"""What the runs below need: pytester forgets what is imported in a run, and these take a second each time."""

HEAD = """
import pytest
from kindlings import Lab
from kindlings.errors import Findings, InfrastructureError, LabFailure, Place, UsageError
"""
FAILS = '''
@pytest.mark.points(2)
@pytest.mark.hint("Look twice.")
def test_fails():
    """The counter counts."""
    raise LabFailure(Findings("a count", "silence", place=Place("counter.yaml", 3)))
'''
PASSES = '''
@pytest.mark.points(1)
def test_passes():
    """The counter is there."""
'''
BREAKS = '''
@pytest.mark.points(4)
def test_breaks():
    """The cluster lives."""
    raise InfrastructureError("The API server is gone.", "Run `kindlings up`.")
'''
OURS = ("-p", "no:pytest-kind", "-p", "no:cacheprovider")
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: counter}\nspec: {containers: [{name: a, image: b}]}\n"


@pytest.fixture
def course(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Give an empty course with one module."""
    monkeypatch.delenv("CI", raising=False)
    pytester.mkdir("module1")
    return pytester


def run(course: pytest.Pytester, *tests: str, arguments: tuple[str, ...] = OURS) -> pytest.RunResult:
    """Run pytest on a module with these tests."""
    (course.path / "module1" / "test_course.py").write_text(HEAD + "\n".join(tests))
    return course.runpytest_inprocess(*arguments, "module1")


@pytest.fixture
def on_fake(course: pytest.Pytester, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Give the options with which labs are opened on the fake server."""
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    (course.path / "module1" / "counter.yaml").write_text(POD)
    return (*OURS, "--kube-context", "kind-fake")


# A learner's failure.


def test_a_failed_lab_is_a_message_without_a_traceback(course: pytest.Pytester) -> None:
    """LabFailure is FAILED, with the seven lines, the points, and the hint of the marker."""
    result = run(course, FAILS)
    result.assert_outcomes(failed=1)
    assert result.ret == ExitCode.FAILED
    result.stdout.re_match_lines(
        [
            r"module1 · counter\.yaml · The counter counts +0 of 2 points",
            r"  expected  a count",
            r"  saw       silence",
            r"  hint      Look twice\.",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*raise LabFailure*")


def test_an_authors_traceback_is_one_option_away(course: pytest.Pytester) -> None:
    """--tb=long shows Python's side of a failure."""
    result = run(course, FAILS, arguments=(*OURS, "--tb=long"))
    result.stdout.fnmatch_lines(["*raise LabFailure*"])


def test_points_are_summed_up(course: pytest.Pytester) -> None:
    """The last lines say how many points there are; a test without points says nothing."""
    result = run(course, FAILS, PASSES)
    result.stdout.fnmatch_lines(["1 of 3 points"])
    result = run(course, "def test_nothing(): pass")
    result.stdout.no_fnmatch_line("* of * points")


def test_a_failure_in_setup_costs_its_points_once(course: pytest.Pytester) -> None:
    """A learner's file that a fixture applies fails the test, worth what the test is worth."""
    broken = FAILS.replace("def test_fails", "@pytest.fixture\ndef broken").replace(
        "@pytest.mark.points(2)\n", ""
    )
    broken = broken.replace('@pytest.mark.hint("Look twice.")\n', "")
    uses = "@pytest.mark.points(3)\ndef test_uses(broken):\n    pass\n"
    result = run(course, broken, uses)
    result.stdout.fnmatch_lines(["0 of 3 points"])


# Our trouble.


def body(where: str) -> str:
    """Return a test in whose set-up, body or tear-down the infrastructure fails."""
    trouble = 'raise InfrastructureError("The API server is gone.", "Run `kindlings up`.")'
    return f'''
@pytest.fixture
def cluster():
    {trouble if where == "setup" else "pass"}
    yield
    {trouble if where == "teardown" else "pass"}

@pytest.mark.points(4)
def test_breaks(cluster):
    """The cluster lives."""
    {trouble if where == "call" else "pass"}
'''


@pytest.mark.parametrize("where", ["setup", "call", "teardown"])
def test_infrastructure_is_an_error_in_every_phase(course: pytest.Pytester, where: str) -> None:
    """A broken cluster is ERROR with what to do, and an exit code of its own: never FAILED."""
    result = run(course, body(where))
    result.assert_outcomes(errors=1, passed=int(where == "teardown"))
    assert result.ret == ExitCode.INFRASTRUCTURE
    result.stdout.fnmatch_lines(
        [
            "module1 · The cluster lives: not judged",
            "  trouble   The API server is gone.",
            "  do        Run `kindlings up`.",
            "1 not judged: *",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*0 of 4 points*")


def test_the_exit_code_of_infrastructure_wins(course: pytest.Pytester) -> None:
    """A grader must not take a run for judged in which one lab was not, whatever else failed."""
    result = run(course, FAILS, BREAKS, PASSES)
    result.assert_outcomes(failed=1, errors=1, passed=1)
    assert result.ret == ExitCode.INFRASTRUCTURE
    result.stdout.fnmatch_lines(["1 of 3 points", "1 not judged: *"])


def test_a_mistake_of_the_lessons_author_is_no_learners_failure(course: pytest.Pytester) -> None:
    """UsageError in a lesson is ERROR as well."""
    result = run(course, 'def test_wrong():\n    raise UsageError("No such file of this lesson.")')
    result.assert_outcomes(errors=1)
    assert result.ret == ExitCode.INFRASTRUCTURE


def test_junit_counts_an_error(course: pytest.Pytester) -> None:
    """In the XML the learner's failure is <failure> and our trouble <error>, each with its message."""
    run(course, FAILS, BREAKS, PASSES, arguments=(*OURS, "--junitxml=report.xml"))
    suite = _report(course.path / "report.xml")
    assert (suite.get("failures"), suite.get("errors"), suite.get("tests")) == ("1", "1", "3")
    (error,) = suite.iter("error")
    assert "not judged" in (error.text or "")
    (failure,) = suite.iter("failure")
    assert "saw       silence" in (failure.text or "")


def _report(path: Path) -> Element:
    from xml.etree import ElementTree as ET  # noqa: PLC0415 - a report that we wrote ourselves

    found = ET.parse(path).getroot().find("testsuite")  # noqa: S314
    assert found is not None
    return found


def test_what_was_not_judged_is_run_again_by_last_failed(course: pytest.Pytester) -> None:
    """--lf runs the failed and the unjudged labs, not the passed one."""
    options = ("-p", "no:pytest-kind")
    run(course, FAILS, BREAKS, PASSES, arguments=options)
    result = course.runpytest_inprocess(*options, "--lf", "module1")
    result.assert_outcomes(failed=1, errors=1, passed=0)


def test_workers_report_all_of_it(course: pytest.Pytester) -> None:
    """With -n 2 counts, points, messages and the exit code are the same."""
    (course.path / "module1" / "test_course.py").write_text(HEAD + FAILS + BREAKS + PASSES)
    course.makeconftest(
        "from kindlings import plugin\nplugin.bring_up = lambda config: None\n"  # no cluster is asked for
    )
    result = course.runpytest_subprocess(*OURS, "-n", "2", "module1")
    result.assert_outcomes(failed=1, errors=1, passed=1)
    assert result.ret == ExitCode.INFRASTRUCTURE
    result.stdout.fnmatch_lines(["1 of 3 points", "1 not judged: *"])
    output = result.stdout.str()
    assert "The counter counts" in output
    assert "  do        Run `kindlings up`." in output


# Options.


def test_collecting_is_a_syllabus_and_needs_no_cluster(course: pytest.Pytester) -> None:
    """--collect-only shows each lab's sentence."""
    uses = 'def test_uses(lab: Lab):\n    """Three Pods become ready."""\n'
    result = run(course, uses, arguments=(*OURS, "--collect-only"))
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*<Function test_uses>", "*Three Pods become ready."])


def test_strict_markers_know_ours(course: pytest.Pytester) -> None:
    """points, hint, kinds, needs and draining are registered."""
    marks = '@pytest.mark.points(0)\n@pytest.mark.hint("")\n@pytest.mark.kinds("Pod")\n'
    marks += '@pytest.mark.needs("node-port")\n@pytest.mark.draining\ndef test_marked(): pass\n'
    run(course, marks, arguments=(*OURS, "--strict-markers")).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--manifests", "nowhere"), "*--manifests nowhere: there is no such folder.*"),
        (("--kube-context", "production"), "*production is not a cluster of kind*--any-kube-context*"),
        (("--kube-context", "kind-"), "*kind- is not a cluster of kind*"),
        (("--kube-context", "my-minikube"), "*my-minikube is not a cluster*"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(
    course: pytest.Pytester, options: tuple[str, ...], words: str
) -> None:
    """One sentence, pytest's exit code for it, no traceback."""
    result = run(course, PASSES, arguments=(*OURS, *options))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([words])
    result.stderr.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize("name", ["kind-kind", "minikube", "k3d-dev", "docker-desktop"])
def test_local_clusters_need_no_second_option(course: pytest.Pytester, name: str) -> None:
    """The names that local clusters have are taken at once."""
    run(course, PASSES, arguments=(*OURS, "--kube-context", name)).assert_outcomes(passed=1)


def test_any_cluster_is_taken_when_meant(course: pytest.Pytester) -> None:
    """--any-kube-context is the option of its own."""
    options = (*OURS, "--kube-context", "production", "--any-kube-context")
    run(course, PASSES, arguments=options).assert_outcomes(passed=1)


# Labs.

APPLIES = '''
@pytest.mark.kinds("Pod")
def test_applies(lab: Lab):
    """The file is taken."""
    lab.apply("counter.yaml").pod("counter")
'''
REFUSED = APPLIES.replace('"Pod")', '"Service")')
LACKS = APPLIES + '    lab.service("other")\n'


def namespaces(server: FakeApiServer) -> list[dict[str, str]]:
    """Return the labels of the namespaces that are left."""
    found = server.store.objects.get(KINDS["Namespace"].path(), {})
    return [one["metadata"]["labels"] for one in found.values()]


def test_a_lab_has_a_namespace_of_its_own(
    course: pytest.Pytester, server: FakeApiServer, on_fake: tuple[str, ...]
) -> None:
    """The learner's Pod is created by the lab's learner, in a namespace that is gone afterwards."""
    run(course, APPLIES, arguments=on_fake).assert_outcomes(passed=1)
    (created,) = server.asked("POST", "/pods$")
    space = re.search("namespaces/([^/]+)", created.path)
    assert space is not None
    assert space[1].startswith("module1-applies-")
    assert created.user == f"kindlings:learner:{space[1]}"
    assert created.query["fieldValidation"] == "Strict"
    watchers = {one.user for one in server.asked("GET", "/pods$", watch="true")}
    assert watchers == {"kindlings:recorder"}
    assert namespaces(server) == []


def test_the_namespace_of_a_failed_lab_stays_until_it_runs_again(
    course: pytest.Pytester, server: FakeApiServer, on_fake: tuple[str, ...]
) -> None:
    """So that the look line works; the next run of that lab, and only that, takes it away."""
    run(course, LACKS, arguments=on_fake).assert_outcomes(failed=1)
    (kept,) = namespaces(server)
    assert kept["kindlings.dev/kept"] == "true"
    run(course, APPLIES.replace("test_applies", "test_other"), arguments=on_fake).assert_outcomes(passed=1)
    assert len(namespaces(server)) == 1
    run(course, APPLIES, arguments=on_fake).assert_outcomes(passed=1)
    assert namespaces(server) == []


def test_what_the_file_alone_tells_needs_no_namespace(
    course: pytest.Pytester, server: FakeApiServer, on_fake: tuple[str, ...]
) -> None:
    """A file that is refused before the cluster is asked costs the cluster nothing."""
    run(course, REFUSED, arguments=on_fake).assert_outcomes(failed=1)
    assert not server.asked("POST", "/namespaces$")


def test_in_ci_no_namespace_stays(
    course: pytest.Pytester,
    server: FakeApiServer,
    on_fake: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody will look there."""
    monkeypatch.setenv("CI", "true")
    run(course, LACKS, arguments=on_fake).assert_outcomes(failed=1)
    assert server.asked("POST", "/namespaces$")
    assert namespaces(server) == []


def test_what_nothing_tells_is_told_by_the_file(course: pytest.Pytester, on_fake: tuple[str, ...]) -> None:
    """A failure without a cause has the one thing that the lab's files show, and its line."""
    path = course.path / "module1" / "counter.yaml"
    path.write_text(POD.replace("image: b", "image: b, command: [wihch, a]"))
    test = "def test_it(lab):\n    lab.apply('counter.yaml')\n    raise LabFailure(Findings('a', 'b'))\n"
    result = run(course, f"@pytest.mark.kinds('Pod')\n{test}", arguments=on_fake)
    result.stdout.fnmatch_lines(
        ["*because*the container starts wihch (counter.yaml:4); did you mean which?*"]
    )


def test_namespaces_are_kept_on_demand(
    course: pytest.Pytester, server: FakeApiServer, on_fake: tuple[str, ...]
) -> None:
    """--keep-namespaces keeps those of passed labs, too."""
    run(course, APPLIES, arguments=(*on_fake, "--keep-namespaces")).assert_outcomes(passed=1)
    assert len(namespaces(server)) == 1


def test_manifests_come_from_a_folder_or_from_its_module(
    course: pytest.Pytester, on_fake: tuple[str, ...]
) -> None:
    """--manifests DIR takes DIR/module1 where there is one, else DIR."""
    (course.path / "module1" / "counter.yaml").write_text("")
    flat = course.mkdir("flat")
    (flat / "counter.yaml").write_text(POD)
    nested = course.mkdir("nested")
    (nested / "module1").mkdir()
    (nested / "module1" / "counter.yaml").write_text(POD)
    run(course, APPLIES, arguments=on_fake).assert_outcomes(failed=1)
    for folder in (flat, nested):
        run(course, APPLIES, arguments=(*on_fake, "--manifests", str(folder))).assert_outcomes(passed=1)


def test_a_server_that_fails_to_create_is_no_learners_failure(
    course: pytest.Pytester, server: FakeApiServer, on_fake: tuple[str, ...]
) -> None:
    """500 to the learner's object is ERROR."""
    server.answer("POST", "/pods$", 500, {"message": "etcdserver: request timed out"})
    result = run(course, APPLIES, arguments=on_fake)
    result.assert_outcomes(errors=1)
    assert result.ret == ExitCode.INFRASTRUCTURE
    result.stdout.fnmatch_lines(["*etcdserver: request timed out*"])


def test_a_missing_kubeconfig_is_our_error(
    course: pytest.Pytester, on_fake: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kubeconfig that is gone is told with what to do."""
    monkeypatch.setenv("KUBECONFIG", str(course.path / "gone"))
    result = run(course, APPLIES, arguments=on_fake)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*kubeconfig cannot be used*"])
