"""The process that runs the labs for `kindlings watch`: one run of pytest, then its end.

It is started before it is needed: what a run imports takes a second, and that is done when the order comes.
The order is a line of JSON on stdin, pytest's arguments; the answers are lines of JSON on the file descriptor
that the command line names. When stdin ends, whoever gave the order has gone, and so does the run.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

import pytest

from kindlings import results

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from kindlings.lab import Lab
    from kindlings.recorder import Object

WARM: Final = (
    *("_pytest.junitxml", "_pytest.terminal", "_pytest.assertion.rewrite"),
    *("kindlings.plugin", "kindlings.session", "kindlings.cluster.up", "kindlings.cluster.images"),
    *("kubernetes.client", "kubernetes.config", "kubernetes.stream"),
)
"""What a run on a cluster imports."""
_TICK: Final = 0.5
"""Seconds within which the table's thread sees that its lab has ended."""


class Teller:
    """A plugin of pytest's that tells each verdict, and the lab's Pods as they change."""

    def __init__(self, descriptor: int) -> None:
        """Write to the file `descriptor`."""
        # Its end is to be the run's end, and not that of an engine that the run has started.
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - it has no name for it
        self._stream = os.fdopen(descriptor, "w", encoding="utf-8")
        self._lock = threading.Lock()
        self._over = threading.Event()
        """Set when the lab under way, whose Pods are told, is to be told of no more."""

    def tell(self, event: str, **what: Any) -> None:
        """Write one line; where nobody reads any more, the end of stdin says so, too."""
        with self._lock:
            self._write(event, what)

    def _write(self, event: str, what: Mapping[str, Any]) -> None:
        try:
            self._stream.write(json.dumps({"event": event, **what}) + "\n")
            self._stream.flush()
        except (BrokenPipeError, ValueError):
            self._over.set()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Tell which test is under way."""
        self.tell("started", test=nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any]
    ) -> Generator[None, object | None, object | None]:
        """Follow the Pods of a lab that has been opened."""
        value = yield
        if fixturedef.argname == "lab":
            self._follow(value)  # type: ignore[arg-type] # the plugin's fixture of that name
        return value

    def _follow(self, lab: Lab) -> None:
        self.tell("opened", namespace=lab.namespace)
        self._over = threading.Event()
        threading.Thread(target=self._tell_pods, args=(lab, self._over), name="pods", daemon=True).start()

    def _tell_pods(self, lab: Lab, over: threading.Event) -> None:
        from kindlings.errors import InfrastructureError  # noqa: PLC0415 - kept with its like

        sequence, told = 0, None
        while not over.is_set():
            try:
                lab.recorder.wait_beyond(sequence, _TICK)
                seen = lab.recorder.snapshot()
            except InfrastructureError:
                return  # the test itself ends with it
            sequence = seen.sequence
            rows = [row(pod) for pod in seen.all("Pod")]
            with self._lock:
                if rows != told and not over.is_set():
                    told = rows
                    self._write("pods", {"rows": rows})

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        """Let go of the lab before its namespace does; its thread is not waited for, and tells no more."""
        with self._lock:
            self._over.set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Tell a verdict."""
        if report.when == "call" or not report.passed:
            trouble = getattr(report, "kindlings_infrastructure", False)
            outcome = "error" if trouble else report.outcome
            message = "" if report.passed else results.plain(report.longreprtext)
            self.tell("verdict", test=report.nodeid, outcome=outcome, message=message)


def row(pod: Object) -> list[str]:
    """Return a Pod as `kubectl get pods` shows it: name, ready, status, restarts, and when it was made."""
    from kindlings import objects  # noqa: PLC0415 - comes with a run
    from kindlings.conditions import describe_pod  # noqa: PLC0415 - the same

    ready, _, status = describe_pod(pod).partition(" ")
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    restarts = sum(one.get("restartCount", 0) for one in statuses)
    made = str(pod["metadata"].get("creationTimestamp") or "")
    return [objects.name(pod), ready, status, str(restarts), made]


def main() -> int:
    """Get ready, wait for the order, run it; return pytest's exit code."""
    # A watch that a shell has put into the background ignores SIGINT, and so would its runs.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # pytest's capture puts something else in the place of 0.
    orders = os.dup(0)
    teller = Teller(int(sys.argv[1]))
    for name in WARM:
        importlib.import_module(name)
    line = _first_line(orders)
    if not line:
        return 0
    threading.Thread(target=_end_with, args=(orders,), name="orders", daemon=True).start()
    return int(pytest.main(json.loads(line), plugins=[teller]))


def _first_line(orders: int) -> bytes:
    """Return the order, or nothing where none comes any more."""
    held = b""
    while not held.endswith(b"\n"):
        more = os.read(orders, 65536)
        if not more:
            return b""
        held += more
    return held


def _end_with(orders: int) -> None:
    """Interrupt the run, as Ctrl-C would, when nobody is left who could give orders."""
    while os.read(orders, 1024):
        pass
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main())
