"""A process that hangs: what its livenessProbe does, and what the learner reads of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

from kindlings import explain, symptoms
from kindlings.cluster import exec as remote
from kindlings.conditions import Impossible, Met, NotYet, containers_ready, ready
from kindlings.errors import Findings, InfrastructureError, LabFailure
from kindlings.explain.sources import Sources
from kindlings.handles import Pod
from kindlings.pods import restarted_by_probe, undisturbed
from kindlings.waiting import Unmet
from tests.unit.fakes import POD, document, event, pod, running, scene, snapshot, the_pod

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.conditions import Condition
    from kindlings.lab import Lab
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
    made["spec"]["nodeName"] = "worker"
    made["status"]["containerStatuses"][0]["containerID"] = "containerd://1f"
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


@pytest.mark.parametrize(
    ("message", "family"),
    [
        ("HTTP probe failed with statuscode: 404", "probe"),
        ('errored and resulted in unknown state: strconv.Atoi: parsing "http": invalid syntax', "probe"),
        ('errored: OCI runtime exec failed: exec: "/bin/bash": stat /bin/bash: no such file', "probe"),
        ("errored: OCI runtime exec failed: executable file `count` not found in $PATH: No such", "probe"),
        ("errored: OCI runtime exec failed: the container is not running", "probing"),
        ("failed: sh: count: not found", "probing"),
        ("dial tcp 10.244.1.5:80: connect: connection refused", "unready"),
        ("HTTP probe failed with statuscode: 503", "probing"),
    ],
)
def test_a_probe_that_will_never_pass_is_told_from_one_that_may(message: str, family: str) -> None:
    """What the program does not have, and a port that is called otherwise, do not come by waiting."""
    one = server(ready=False, probe="readinessProbe")
    unhealthy = event(one, "Unhealthy", f"Readiness probe {message}")
    assert [found.family for found in symptoms.find(scene(the_pod(), one, unhealthy))] == [family]


def handle(folder: Path, *found: Object, ails: str = "") -> Pod:
    """Return the lesson's handle of the Pod; `ails` is what a wait for it tells, and killing it fails."""

    def wait(_target: object, condition: Condition, _timeout: object) -> None:
        if ails and condition == ready():
            raise LabFailure(Findings("it to be ready", ails))

    def kill(_node: str, _container_id: str) -> None:
        raise InfrastructureError("no such process")

    moment = snapshot(*found)
    lab = SimpleNamespace(
        wait=wait,
        kill=kill,
        prober=None,
        document=lambda *_: None,
        namespace="lab",
        recorder=SimpleNamespace(snapshot=lambda: moment),
        sources=Sources([document(folder, POD + LINES)], "lab", (), lambda _pod, _container: ""),
    )
    return Pod(cast("Lab", lab), "counter")


def asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, result: remote.Result, *found: Object, ails: str = ""
) -> BaseException:
    """Return what a command raises that ends with this result."""
    monkeypatch.setattr(remote, "attempt", lambda *_: result)
    with pytest.raises((LabFailure, InfrastructureError)) as caught:
        handle(folder, *found, ails=ails).exec("count", "killall", "httpd")
    return caught.value


def test_a_container_that_ended_before_it_was_killed_is_told_by_what_ended_it(tmp_path: Path) -> None:
    """The probe, or the crash, is the learner's; a container that is well and cannot be killed is ours."""
    one = server(restarts=1)
    events = [event(one, "Unhealthy", REFUSED), event(one, "Killing", KILLED)]
    with pytest.raises(LabFailure) as caught:
        handle(tmp_path, one, *events).kill("count")
    assert caught.value.findings.expected == "container count of Pod counter to run until it is killed"
    assert caught.value.findings.because.startswith("the livenessProbe of container count (")
    with pytest.raises(LabFailure, match="it crashes"):
        handle(tmp_path, server(), ails="it crashes").kill("count")
    with pytest.raises(InfrastructureError, match="no such process"):
        handle(tmp_path, server()).kill("count")


@pytest.mark.parametrize("result", [remote.Result(137), remote.Result(None, reason="no such container")])
def test_a_command_whose_container_the_probe_ended_is_the_probes_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, result: remote.Result
) -> None:
    """The command was killed, or found no container: the learner reads which probe failed, and how."""
    one = server(restarts=1)
    events = [event(one, "Unhealthy", REFUSED), event(one, "Killing", KILLED)]
    failure = asked(tmp_path, monkeypatch, result, one, *events)
    assert isinstance(failure, LabFailure)
    assert failure.findings.expected == "`killall httpd` to work in container count of Pod counter"
    assert failure.findings.saw == "the container ended meanwhile"
    assert failure.findings.because.startswith("the livenessProbe of container count (")
    assert failure.findings.because.endswith("connection refused")


def test_a_command_whose_container_crashed_tells_the_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No probe ended it: what a wait for the Pod finds is told; a Pod that is well is not to blame."""
    killed, gone = remote.Result(137), remote.Result(None, reason="no such container")
    for result in (killed, gone):
        failure = asked(tmp_path, monkeypatch, result, server(), ails="it crashes")
        assert isinstance(failure, LabFailure)
        assert failure.findings.saw == "it crashes"
    failure = asked(tmp_path, monkeypatch, killed, server())
    assert isinstance(failure, LabFailure)
    assert failure.findings.saw == "exit code 137"
    assert isinstance(asked(tmp_path, monkeypatch, gone, server()), InfrastructureError)


def test_a_command_that_fails_by_itself_is_not_laid_to_the_probe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another exit code is the command's own, whatever the probe did before."""
    one = server(restarts=1)
    failure = asked(tmp_path, monkeypatch, remote.Result(1), one, event(one, "Killing", KILLED), ails="no")
    assert isinstance(failure, LabFailure)
    assert failure.findings.saw == "exit code 1"
