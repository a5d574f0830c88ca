"""The same words for what runc and crun say: messages as containerd 1.6 passes them on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kindlings import explain, runtimes, symptoms
from kindlings.cluster import exec as exec_module
from kindlings.conditions import ready
from kindlings.explain.sources import Sources
from kindlings.waiting import Unmet
from tests.unit.fakes import document, pod, scene, the_pod, waiting

if TYPE_CHECKING:
    from pathlib import Path

SHIM = "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
RUNC = f"{SHIM}runc create failed: unable to start container process: "
INIT = f"{RUNC}error during container init: "
VOLUME = "/var/lib/kubelet/pods/205d/volumes/kubernetes.io~empty-dir/data"


@pytest.mark.parametrize(
    ("runc", "crun", "words"),
    [
        (
            f'{RUNC}exec: "count": executable file not found in $PATH: unknown',
            f"{SHIM}executable file `count` not found in $PATH: No such file or directory: unknown",
            '"count": executable file not found in $PATH',
        ),
        (
            f'{RUNC}exec: "/bin/bash": stat /bin/bash: no such file or directory: unknown',
            f"{SHIM}executable file `/bin/bash` not found in $PATH: No such file or directory: unknown",
            '"/bin/bash": stat /bin/bash: no such file or directory',
        ),
        (
            f'{RUNC}exec: "/script/count.sh": permission denied: unknown',
            f"{SHIM}open executable: Permission denied: unknown",
            '"/script/count.sh": permission denied',
        ),
        (
            f'{RUNC}exec: "/bin": permission denied: unknown',
            f"{SHIM}open executable: Operation not permitted: unknown",
            '"/bin": permission denied',
        ),
    ],
)
def test_both_runtimes_are_told_alike(runc: str, crun: str, words: str) -> None:
    """The program in double quotes, and why it could not be run."""
    program = words.split('"')[1]
    assert runtimes.said(runc, program) == runtimes.said(crun, program) == words


def test_other_words_are_given_without_what_stands_before_them() -> None:
    """Each caller adds what it was about to do; the cause is at the end."""
    assert runtimes.said(f"{INIT}no space left on device: unknown") == "no space left on device"
    assert runtimes.said(f"{SHIM}no space left on device: unknown") == "no space left on device"
    assert runtimes.said("") == "its command cannot be run"


POD = """\
apiVersion: v1
kind: Pod
metadata: {name: counter}
spec:
  containers:
    - name: count
      image: busybox:1.36
      command: [sleep, "60"]
      workingDir: /etc/passwd
      volumeMounts:
        - {name: other, mountPath: /other}
        - {name: data, mountPath: /etc/hosts}
"""


@pytest.mark.parametrize(
    ("message", "because"),
    [
        (f"{INIT}mkdir /etc/passwd: not a directory: unknown", "WORK"),
        (f"{SHIM}chdir `/etc/passwd`: Not a directory: unknown", "WORK"),
        (
            f'{INIT}error mounting "{VOLUME}" to rootfs at "/etc/hosts": mount {VOLUME}:/etc/hosts '
            "(via /proc/self/fd/6), flags: 0x5000: not a directory: unknown",
            "MOUNT",
        ),
        (f"{SHIM}mount `{VOLUME}` to `etc/hosts`: Not a directory: unknown", "MOUNT"),
    ],
)
def test_what_a_container_is_given_is_named_by_its_own_line(
    tmp_path: Path, message: str, because: str
) -> None:
    """Not by that of the command, which was never run."""
    one = pod(ready=False, statuses=[waiting("RunContainerError", message)])
    now = scene(the_pod(), one)
    verdict = Unmet(ready(), the_pod(), "", "", now.snapshot, symptoms.find(now))
    told = explain.unmet(verdict, Sources([document(tmp_path, POD)], "lab")).findings.because
    assert (
        told
        == {
            "WORK": "container count could not be started: its workingDir /etc/passwd "
            "(single-container.yaml:9) is no folder, and cannot be made",
            "MOUNT": "container count could not be started: data cannot be mounted at /etc/hosts "
            "(single-container.yaml:12): of it and of what the image has there, one is a file and the other "
            "a folder",
        }[because]
    )


@pytest.mark.parametrize(
    "reason",
    [
        'exec: "true": executable file not found in $PATH',
        "executable file `true` not found in $PATH: No such",
    ],
)
def test_a_container_without_the_program_lives(reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a runtime that has looked into it can say so; a container that is gone is told in other words."""
    monkeypatch.setattr(exec_module, "attempt", lambda *_: exec_module.Result(None, reason=reason))
    assert exec_module.alive(None, "lab", "counter", "count")  # type: ignore[arg-type]
    monkeypatch.setattr(exec_module, "attempt", lambda *_: exec_module.Result(None, reason="not found"))
    assert not exec_module.alive(None, "lab", "counter", "count")  # type: ignore[arg-type]
