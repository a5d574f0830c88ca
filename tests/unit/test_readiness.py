"""What a readinessProbe asks for, and what it gets: told with the line to be mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kindlings.explain import readiness
from kindlings.explain.sources import Sources
from kindlings.manifests import read
from kindlings.symptoms import Symptom
from tests.unit.fakes import DEPLOYMENT, POD, document, event, pod, written

if TYPE_CHECKING:
    from pathlib import Path

EXEC = (
    "Readiness probe errored and resulted in unknown state: rpc error: code = Unknown desc = "
    'failed to exec in container: failed to start exec "9329": OCI runtime exec failed: '
)


def test_a_probe_of_a_named_port_leads_to_the_line_that_gives_it(tmp_path: Path) -> None:
    """A containerPort is a note, and a probe that goes by its name asks where the note says."""
    message = 'Get "http://10.244.1.5:84/ready": dial tcp 10.244.1.5:84: connect: connection refused'
    template = {"path": "/ready", "port": "http"}
    text = DEPLOYMENT.replace("port: 80\n", "port: http\n")
    assert text != DEPLOYMENT
    one = pod(ready=False)
    failed = event(one, "Unhealthy", f"Readiness probe failed: {message}")
    found = readiness.failing(
        Symptom("unready", one, "Unhealthy", failed["message"]),
        read(written(tmp_path, text, "golang-api.yaml")).documents[0],
        Sources([], "lab"),
    )
    assert f"on port {template['port']} (golang-api.yaml:23) and nothing listens on port 84" in found
    assert "; containerPort (golang-api.yaml:19) says where the program listens" in found


def test_a_probe_that_only_connects_is_told_by_its_port(tmp_path: Path) -> None:
    """The line of the port, as nothing else says where it asks."""
    text = DEPLOYMENT.replace("httpGet:", "tcpSocket:").replace("path: /ready", "host: 127.0.0.1")
    message = "dial tcp 10.244.1.5:80: connect: connection refused"
    found = readiness.failing(
        Symptom("unready", pod(ready=False), "Unhealthy", message),
        read(written(tmp_path, text, "golang-api.yaml")).documents[0],
        Sources([], "lab"),
    )
    assert found == (
        "the readinessProbe asks for a connection on port 80 (golang-api.yaml:23) and nothing listens on "
        "port 80"
    )


@pytest.mark.parametrize(
    ("name", "has"),
    [("htpt", "only htpt (golang-api.yaml:18)"), ("", "no port with a name")],
)
def test_a_probe_of_a_port_that_has_no_such_name_is_told_which_there_are(
    tmp_path: Path, name: str, has: str
) -> None:
    """The kubelet's own words are those of its programming language."""
    text = DEPLOYMENT.replace("port: 80\n", "port: http\n").replace("name: http", f"name: {name}")
    one = pod(ready=False)
    message = (
        'Readiness probe errored and resulted in unknown state: strconv.Atoi: parsing "http": invalid syntax'
    )
    found = readiness.failing(
        Symptom("unready", one, "Unhealthy", message),
        read(written(tmp_path, text, "golang-api.yaml")).documents[0],
        Sources([], "lab"),
    )
    assert found.startswith("the readinessProbe asks for GET /ready on port http (golang-api.yaml:23), and ")
    assert found.endswith(f"has {has}")


@pytest.mark.parametrize(
    ("message", "ends"),
    [
        (
            f'{EXEC}exec failed: unable to start container process: exec: "/bin/bash": stat /bin/bash: '
            "no such file or directory: unknown",
            'it cannot be run: "/bin/bash": stat /bin/bash: no such file or directory',
        ),
        (
            f"{EXEC}executable file `/bin/bash` not found in $PATH: No such file or directory: unknown",
            'it cannot be run: "/bin/bash": stat /bin/bash: no such file or directory',
        ),
        ("Readiness probe failed: sh: count: not found\n", "it does not: sh: count: not found"),
        ("Readiness probe failed: ", "it does not: it says nothing"),
    ],
)
def test_the_command_of_a_readiness_probe_is_named_and_how_it_ends(
    tmp_path: Path, message: str, ends: str
) -> None:
    """A probe has no port then; the line is that of the command."""
    text = f"{POD}      readinessProbe:\n        exec:\n          command: [/bin/bash, -c, count]\n"
    symptom = Symptom("probing", pod(ready=False), "Unhealthy", message)
    assert readiness.failing(symptom, document(tmp_path, text), Sources([], "lab")) == (
        f"the readinessProbe asks for `/bin/bash -c count` to succeed (single-container.yaml:11) and {ends}"
    )
