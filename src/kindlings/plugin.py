"""pytest's hooks, options and fixtures, and nothing else. Imports stay light: collecting needs no cluster."""

from __future__ import annotations

import argparse
import functools
import importlib
import os
import re
import sys
from contextlib import nullcontext
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import pytest

from kindlings import lesson
from kindlings.desk.recording import Recording
from kindlings.errors import ExitCode, InfrastructureError, KindlingsError, LabFailure
from kindlings.keeping import Keeper
from kindlings.results import Outcome
from kindlings.writers import message

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from kindlings.cluster.kind import Cluster
    from kindlings.lab import Lab
    from kindlings.session import Session

MARKERS: Final = (
    "points(n): what the test is worth, a whole number",
    "hint(text): one sentence that helps without solving",
    "kinds(*kinds): the kinds of object that the lab takes, by default every kind of the course",
    "commands(*verbs): the kubectl verbs that the lab's .sh files may use, each with its flags or without",
    "needs(*what): nodes>=N, node-port, node-access, host-path, inside, no-load-balancer, break-cluster; "
    "unmet means not applicable",
    "draining: Pods keep their own termination grace period",
    "required: where this test has failed, the later ones of its file are not attempted",
)
SAFE_CONTEXTS: Final = re.compile(r"^(kind-.+|minikube|k3d-.+|docker-desktop)$")

_FAILED = pytest.StashKey[bool]()
_NEXT = pytest.StashKey[pytest.Item | None]()
_INFRASTRUCTURE = pytest.StashKey[int]()
_POINTS = pytest.StashKey[list[int]]()
_SKIPPED = pytest.StashKey[Outcome]()
_BARRED = pytest.StashKey[dict[Path, str]]()
"""By the files of lessons, the title of a required test that has failed."""
_RUN = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the options of a learner, a grader and an author."""
    group = parser.getgroup("kindlings")
    group.addoption("--solutions", action="store_true", help="check the solutions instead of the exercises")
    group.addoption("--manifests", metavar="DIR", help="take the manifests from DIR (or DIR/moduleN)")
    group.addoption("--kube-context", metavar="NAME", help="use an existing cluster instead of ours")
    group.addoption(
        "--any-kube-context",
        action="store_true",
        help="allow a --kube-context that is neither kind, minikube, k3d nor docker-desktop",
    )
    group.addoption("--keep-namespaces", action="store_true", help="keep every lab's namespace")
    group.addoption("--fresh-cluster", action="store_true", help="replace the cluster by a new one first")
    group.addoption("--kindlings-json", metavar="FILE", help="keep points and messages in FILE as they come")
    group.addoption("--kindlings-graded", action="store_true", help=argparse.SUPPRESS)


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, and let --collect-only show what each lab is about."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    config.stash[_POINTS] = [0, 0]
    config.stash[_INFRASTRUCTURE] = 0
    config.stash[_BARRED] = {}
    if config.getoption("kindlings_json"):
        config.pluginmanager.register(Keeper(config, _run(config)), Keeper.NAME)
    if not any(config.getoption(name) for name in ("solutions", "manifests", "kindlings_graded")):
        _record(config)
    if config.option.collectonly and config.option.verbose == 0:
        config.option.verbose = 1  # which is what makes pytest print the docstrings
    manifests = config.getoption("manifests")
    if manifests and not Path(manifests).is_dir():
        raise pytest.UsageError(f"--manifests {manifests}: there is no such folder.")
    if config.getoption("kube_context") and not _allowed(config):
        raise pytest.UsageError(
            f"--kube-context {config.getoption('kube_context')} is not a cluster of kind, minikube, k3d or "
            "docker-desktop; kindlings creates and deletes namespaces in it. Add --any-kube-context if you "
            "mean it."
        )


def _record(config: pytest.Config) -> None:
    """Have each verdict noted in the learner's folder: `kindlings list` tells from it what is done."""
    reports = not hasattr(config, "workerinput")
    config.pluginmanager.register(Recording(reports=reports), Recording.NAME)


def _allowed(config: pytest.Config) -> bool:
    name = str(config.getoption("kube_context"))
    return bool(SAFE_CONTEXTS.match(name)) or bool(config.getoption("any_kube_context"))


def _run(config: pytest.Config) -> str:
    """Return the run's name, in a worker with its own name behind it."""
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker is not None:
        # Each worker sweeps up what it opened itself, and no other's.
        return f"{worker['kindlings_run']}-{worker['workerid']}"
    if _RUN not in config.stash:
        config.stash[_RUN] = os.urandom(4).hex()
    return config.stash[_RUN]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each xdist worker the run's name."""
    node.workerinput["kindlings_run"] = _run(node.config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Bring the cluster up in the controller, where its progress can be seen; workers only attach."""
    if _runs_the_course(config):
        try:
            bring_up(config)
        except InfrastructureError as error:
            pytest.exit(str(error), ExitCode.INFRASTRUCTURE)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Spread the course's tests by what they need, unless --dist asks for something else."""
    if config.getvalue("dist") != "load" or not _runs_the_course(config):
        return None
    from kindlings import spreading  # noqa: PLC0415 - needs pytest-xdist

    return spreading.ByNeed(config, log, spreading.by_the_lesson(config.rootpath))


def _runs_the_course(config: pytest.Config) -> bool:
    return any(_is_course(Path(argument.split("::")[0])) for argument in config.args)


def _is_course(path: Path) -> bool:
    """Tell whether `path` is a folder of modules, a module, or a file of one."""
    resolved = path.resolve()
    parts = (resolved, *resolved.parents[:2])
    return any(part.name.startswith("module") for part in parts) or any(resolved.glob("module*/test_*.py"))


def bring_up(config: pytest.Config, name: str | None = None) -> Cluster:
    """Return the run's cluster, or the one called `name`, brought up where it is missing.

    Its progress is shown past pytest's capture.
    """
    from kindlings.cluster.up import Settings, up  # noqa: PLC0415 - needs the cluster's libraries
    from kindlings.console import make_progress  # noqa: PLC0415
    from kindlings.progress import Hushed  # noqa: PLC0415

    capture = config.pluginmanager.getplugin("capturemanager")
    settings = Settings(name=name) if name else Settings(fresh=bool(config.getoption("fresh_cluster")))
    with capture.global_and_fixture_disabled() if capture else nullcontext():
        return up(Hushed(make_progress(sys.stderr)), settings)


@pytest.fixture(scope="session")
def kindlings_cluster(request: pytest.FixtureRequest) -> Cluster:
    """Give the session's cluster: brought up where it is missing, kept when the run ends."""
    if hasattr(request.config, "workerinput") or request.config.getoption("kindlings_graded"):
        from kindlings.cluster.up import attach  # noqa: PLC0415 - needs the cluster's libraries

        return attach()
    # The API's client takes half a second to import, and meanwhile `up` mostly waits for other programs. What
    # both need is imported first: two threads in the midst of requests end with an ImportError.
    importlib.import_module("kindlings.cluster.up")
    Thread(target=importlib.import_module, args=("kubernetes.stream",), daemon=True).start()
    return bring_up(request.config)


@pytest.fixture(scope="session")
def kind_cluster(kindlings_cluster: Cluster) -> Cluster:
    """Give the cluster under the name that pytest-kind has for it."""
    return kindlings_cluster


@pytest.fixture(scope="session")
def kindlings_session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """Give the connections of this run."""
    from kindlings import paths  # noqa: PLC0415 - needs the cluster's libraries
    from kindlings.cluster.images import course_images  # noqa: PLC0415 - as above
    from kindlings.session import Session  # noqa: PLC0415

    context, run = request.config.getoption("kube_context"), _run(request.config)
    if context:
        session = Session(paths.user_kubeconfig(), run, context, course_images())
    else:
        cluster: Cluster = request.getfixturevalue("kindlings_cluster")
        session = Session(cluster.kubeconfig_path, run, None, course_images(), cluster.kill_container)
        session.kubectl = cluster.kubectl_path
        session.node_ports = cluster.node_ports
        session.breakable = _breakable(request.config, cluster)
        session.wipe = cluster.wipe
    session.graded = bool(request.config.getoption("kindlings_graded"))
    yield session
    session.end(keep=bool(request.config.getoption("keep_namespaces")))


def _breakable(config: pytest.Config, cluster: Cluster) -> Callable[[], Cluster]:
    """Return what brings up, once in this process, the cluster in which module 0 takes parts away."""

    @functools.cache
    def breakable() -> Cluster:
        from kindlings.cluster import state  # noqa: PLC0415 - needs the cluster's libraries

        return bring_up(config, state.break_name(cluster.name))

    return breakable


@pytest.fixture
def lab(request: pytest.FixtureRequest, kindlings_session: Session) -> Iterator[Lab]:
    """Give a lab: a namespace of the test's own, and the learner's files."""
    about = _lesson(request.node)
    unmet = kindlings_session.unmet(about.needs)
    if unmet and kindlings_session.context:
        request.node.stash[_SKIPPED] = Outcome.NOT_APPLICABLE
        pytest.skip(f"not applicable on {kindlings_session.context}: needs {unmet}")
    if unmet:
        raise InfrastructureError(f"The cluster lacks what this lab needs: {unmet}.", "Run `kindlings up`.")
    opened = kindlings_session.open(about, request.node.name, _folder(request))
    if (keeper := request.config.pluginmanager.get_plugin(Keeper.NAME)) is not None:
        keeper.opened(request.node)
    _prepare_next(request.node, kindlings_session)
    yield opened
    failed = request.node.stash.get(_FAILED, False)
    keep = bool(request.config.getoption("keep_namespaces")) or (failed and not os.environ.get("CI"))
    kindlings_session.close(opened, keep=keep)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order tests as the lesson does, so that -x stops at its first open lab."""
    from kindlings import ordering  # noqa: PLC0415 - reads the course, which --help need not

    ordering.arrange(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out what a failed required test of the same file bars; in several workers each knows its own."""
    if first := item.config.stash[_BARRED].get(item.path):
        item.stash[_SKIPPED] = Outcome.NOT_ATTEMPTED
        pytest.skip(f"not attempted: {first.rstrip('.')}, that comes first")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Remember which test comes next."""
    item.stash[_NEXT] = nextitem


def _prepare_next(item: pytest.Item, session: Session) -> None:
    """Have the next test's namespace made while this one waits for its Pods."""
    following = item.stash.get(_NEXT, None)
    # On a foreign cluster the next lab may not be applicable.
    if following is not None and "lab" in getattr(following, "fixturenames", ()) and not session.context:
        session.prepare(_lesson(following), following.name)


def _folder(request: pytest.FixtureRequest) -> Path:
    """Return the folder of the manifests: the test's own, the solutions', or the one of --manifests."""
    here = request.path.parent
    given = request.config.getoption("manifests")
    if given:
        folder = Path(given).resolve()
        return folder / here.name if (folder / here.name).is_dir() else folder
    if request.config.getoption("solutions"):
        from kindlings import course  # noqa: PLC0415

        return course.solutions() / here.name
    return here


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write the learner's message instead of a traceback, and report our troubles as errors."""
    report = yield
    error = call.excinfo.value if call.excinfo else None
    plain = item.config.option.tbstyle == "auto"
    about = _lesson(item)
    outcome = _outcome(item, report, error)
    report.kindlings_outcome = outcome.value  # type: ignore[attr-defined] # carried by xdist
    if outcome is Outcome.FAILED and about.required:
        item.config.stash[_BARRED].setdefault(item.path, about.title)
    if report.failed:
        item.stash[_FAILED] = True
    if isinstance(error, LabFailure) and plain:
        opened = getattr(item, "funcargs", {}).get("lab")
        files = opened.files if opened else ()
        if opened:
            opened.complete(error)
        report.longrepr = about.failure(error.findings, files, graded_by=_graded_by(item))
        if opened and files:
            report.kindlings_edit = str(opened.folder / files[0])  # type: ignore[attr-defined] # the same
    elif isinstance(error, KindlingsError) and not isinstance(error, LabFailure):
        trouble = InfrastructureError(error.message, error.advice)
        report.kindlings_infrastructure = True  # type: ignore[attr-defined] # the same
        if plain:
            report.longrepr = about.trouble(trouble)
        if report.when == "call":
            # pytest calls what is raised in a test's body a failure; an error is what it calls the set-up's.
            report.when = "setup"
    if report.when == "call" or report.failed or outcome is Outcome.NOT_ATTEMPTED:
        report.kindlings_points = [  # type: ignore[attr-defined]
            about.points if report.passed else 0,
            about.points,
        ]
    return report


def _graded_by(item: pytest.Item) -> str:
    return item.name if item.config.getoption("kindlings_graded") else ""


def _outcome(item: pytest.Item, report: pytest.TestReport, error: BaseException | None) -> Outcome:
    """Return how one phase of a test ended: the learner's is a LabFailure and nothing else."""
    if report.passed:
        return Outcome.PASSED
    if report.skipped:
        return item.stash.get(_SKIPPED, Outcome.ERROR)
    return Outcome.FAILED if isinstance(error, LabFailure) else Outcome.ERROR


def _lesson(item: pytest.Item) -> lesson.Lesson:
    return lesson.of(getattr(item, "function", None), item.path.parent.name, item.iter_markers())


class _Counter:
    """Counts points and our own troubles, in the process that reports, and has messages shown there."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.edit = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add one report's points and troubles."""
        if isinstance(report.longrepr, str):
            report.longrepr = message.Shown(report.longrepr)
        if getattr(report, "kindlings_infrastructure", False):
            self.config.stash[_INFRASTRUCTURE] += 1
            return
        self.edit = self.edit or getattr(report, "kindlings_edit", "")
        got, most = getattr(report, "kindlings_points", (0, 0))
        self.config.stash[_POINTS][0] += got
        self.config.stash[_POINTS][1] += most


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin to count."""
    session.config.pluginmanager.register(_Counter(session.config), "kindlings-counter")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """End with an exit code of its own where a lab could not be judged."""
    if session.config.stash[_INFRASTRUCTURE] and exitstatus in {0, 1}:
        session.exitstatus = ExitCode.INFRASTRUCTURE


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say the points, and that nothing was held against the learner where the cluster failed."""
    got, most = config.stash[_POINTS]
    if most:
        terminalreporter.write_line(f"{got} of {most} points")
    counter = config.pluginmanager.get_plugin("kindlings-counter")
    if counter is not None and counter.edit:
        edit = Path(os.path.relpath(counter.edit))
        lesson_text = edit.parent / "README.md"
        read = f"read {lesson_text}, " if lesson_text.exists() else ""
        terminalreporter.write_line(f"next: {read}edit {edit}, run this again")
    if config.stash[_INFRASTRUCTURE]:
        count = config.stash[_INFRASTRUCTURE]
        terminalreporter.write_line(
            f"{count} not judged: see the errors; `kindlings doctor` looks at the cluster"
        )
