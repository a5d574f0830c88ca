"""A process that hangs: what its livenessProbe does, and what the learner reads of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from kindlings import explain, symptoms
from kindlings.conditions import Impossible, Met, NotYet, containers_ready
from kindlings.explain.sources import Sources
from kindlings.pods import restarted_by_probe, undisturbed
from kindlings.waiting import Unmet
from tests.unit.fakes import POD, document, event, pod, running, scene, snapshot, the_pod

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.conditions import Condition
    from kindlings.errors import Findings
    from kindlings.recorder import Object

GET = "      livenessProbe:\n        httpGet: {path: /, port: 8080}\n"
LINES = "      livenessProbe:\n        httpGet:\n          path: /x\n          port: 8080\n"
REFUSED = "Liveness probe failed: dial tcp 10.244.1.9:80: connect: connection refused"
LATE = 'Liveness probe failed: Get "http://10.244.1.9:8080/": context deadline exceeded'
KILLED = "Container count failed liveness probe, will be restarted"


QUICK: Final = {"httpGet": {"port": 8080}, "periodSeconds": 1, "timeoutSeconds": 2, "failureThreshold": 3}


def server(*, restarts: int = 0, probe: str = "livenessProbe", ready: bool = True, **fields: Any) -> Object:
    """Return a Pod whose container has a probe, with these fields besides QUICK's."""
    made = pod(ready=ready, statuses=[running(ready=ready, restarts=restarts)])
    made["spec"]["containers"] = [{"name": "count", probe: QUICK | fields}]
    return made


def judged(one: Object, *messages: str) -> Met | NotYet | Impossible:
    """Return the verdict when the kubelet has told these things of the Pod."""
    events = [event(one, f"Told{number}", message) for number, message in enumerate(messages)]
    return restarted_by_probe().check(scene(the_pod(), one, *events))


def test_a_restart_counts_when_no_answer_came() -> None:
    """The kubelet must have had no answer, and the container must run again."""
    assert isinstance(judged(server(restarts=1), LATE, KILLED), Met)
    assert isinstance(judged(server(), LATE, KILLED), NotYet)
    assert isinstance(judged(server(restarts=1)), NotYet)


def test_what_answers_does_not_hang() -> None:
    """A probe that is refused restarts what is well; without a probe nothing ever does."""
    verdict = judged(server(restarts=1), REFUSED, KILLED)
    assert verdict == Impossible("Pod counter is restarted although it does not hang")
    assert judged(server(probe="readinessProbe")) == Impossible(
        "no container of Pod counter has a livenessProbe"
    )


def test_a_probe_that_has_not_failed_in_its_time_is_awaited_no_longer() -> None:
    """It ends once a probe after the hang is overdue; when one has failed, the kubelet may act yet."""
    quiet, stirred = judged(server()), judged(server(), LATE)
    assert quiet == NotYet("Pod counter is 1/1 Running; its livenessProbe has not failed", 9.0)
    assert stirred == NotYet("Pod counter is 1/1 Running")
    late = judged(server(initialDelaySeconds=4))
    assert isinstance(late, NotYet)
    assert late.ends_after == 13.0


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"periodSeconds": 60}, 122),
        ({"timeoutSeconds": 60}, 180),
        ({"failureThreshold": 30}, 60),
        ({"exec": {"command": ["true"]}, "timeoutSeconds": 60}, None),
    ],
)
def test_a_probe_that_cannot_be_in_time_is_told_at_once(fields: dict[str, Any], seconds: int | None) -> None:
    """How long it takes at least follows from its fields; a command may give up before its time is over."""
    verdict = judged(server(**fields))
    if seconds:
        said = f"Pod counter is 1/1 Running; its livenessProbe needs {seconds} s at least"
        assert verdict == Impossible(said)
    else:
        assert isinstance(verdict, NotYet)


def test_a_full_queue_is_no_answer_that_failed_to_come() -> None:
    """A probe of the port alone fails at last, long after the server began to hang: that does not count."""
    full = "Liveness probe failed: dial tcp 10.244.1.9:8080: i/o timeout"
    assert isinstance(judged(server(restarts=1), full, KILLED), NotYet)


def test_a_pod_that_is_ended_by_its_probe_is_disturbed() -> None:
    """One probe that fails changes nothing yet; what counts is that the kubelet acts."""
    one = server()
    calm = undisturbed().check(scene(the_pod(), one, event(one, "Unhealthy", REFUSED)))
    assert isinstance(calm, Met)
    assert isinstance(undisturbed().check(scene(the_pod(), one, event(one, "Killing", KILLED))), NotYet)
    assert isinstance(undisturbed().check(scene(the_pod())), NotYet)


def told(
    folder: Path,
    fields: str,
    one: Object,
    *events: Object,
    condition: Condition | None = None,
    proved: bool = False,
) -> Findings:
    """Return what is told when the Pod is `one`, after these events."""
    condition = condition or restarted_by_probe()
    moment = scene(the_pod(), one, *events)
    troubles = symptoms.find(moment)
    sources = Sources([document(folder, POD + fields)], "lab", (), lambda _pod, _container: "")
    verdict = Unmet(condition, the_pod(), "all well", "this", snapshot(one, *events), troubles, proved=proved)
    return explain.unmet(verdict, sources).findings


def test_a_probe_that_fails_is_named(tmp_path: Path) -> None:
    """Its line, how it fails, and what the kubelet does; also where the container crashes for it."""
    one = server(restarts=1, ready=False)
    events = [event(one, "Unhealthy", REFUSED), event(one, "Killing", KILLED)]
    findings = told(tmp_path, LINES, one, *events, condition=containers_ready(1))
    assert findings.because == (
        "the livenessProbe of container count (single-container.yaml:12) fails, and each time the kubelet "
        "starts the container again: connection refused"
    )
    assert findings.read.endswith("probes/")


@pytest.mark.parametrize(
    ("fields", "message", "line"),
    [
        (LINES, "HTTP probe failed with statuscode: 404", 11),
        (LINES, "HTTP probe failed with statuscode: 500", 9),
        ("      livenessProbe:\n        tcpSocket:\n          port: 1\n", "dial tcp: connection refused", 11),
        ("      livenessProbe:\n        exec:\n          command: [x]\n", "connection refused", 9),
    ],
)
def test_the_line_at_fault_is_named(tmp_path: Path, fields: str, message: str, line: int) -> None:
    """A port where nobody listens, a page that is not there; else the probe itself."""
    one = server(restarts=1, ready=False)
    events = [
        event(one, "Unhealthy", f"Liveness probe failed: {message}"),
        event(one, "Killing", KILLED),
    ]
    found = told(tmp_path, fields, one, *events, condition=undisturbed())
    assert f"(single-container.yaml:{line}) fails" in found.because


@pytest.mark.parametrize(
    ("fields", "because"),
    [
        (
            "",
            "the container (single-container.yaml:7) has no livenessProbe: to the kubelet it is well as long",
        ),
        (
            "      readinessProbe:\n        httpGet: {port: 8080}\n",
            "the container (single-container.yaml:7) has no livenessProbe: its readinessProbe "
            "(single-container.yaml:9) keeps requests away",
        ),
        (
            "      livenessProbe:\n        tcpSocket: {port: 8080}\n",
            "the livenessProbe (single-container.yaml:9) asks by tcpSocket whether the port is open",
        ),
        (
            '      livenessProbe:\n        exec: {command: ["true"]}\n',
            "the command of the livenessProbe (single-container.yaml:9) succeeds",
        ),
        (
            GET + "        periodSeconds: 60\n",
            "the livenessProbe (single-container.yaml:9) asks every 60 s, waits 1 s for the answer, and the "
            "kubelet acts when 3 in a row have failed",
        ),
        (
            GET + "        initialDelaySeconds: 30\n",
            "the livenessProbe (single-container.yaml:9) asks 30 s after the start, then every 10 s, waits",
        ),
    ],
)
def test_a_hang_that_nobody_notices(tmp_path: Path, fields: str, because: str) -> None:
    """What the manifest asks, and why that is not enough."""
    assert told(tmp_path, fields, server()).because.startswith(because)


def test_an_unready_container_is_no_cause(tmp_path: Path) -> None:
    """A readinessProbe that fails, as it should, is not what keeps the container from being restarted."""
    one = server(ready=False, probe="readinessProbe")
    unhealthy = event(one, "Unhealthy", "Readiness probe failed: context deadline exceeded")
    fields = "      readinessProbe:\n        httpGet: {port: 8080}\n"
    assert "has no livenessProbe" in told(tmp_path, fields, one, unhealthy).because
