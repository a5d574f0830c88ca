"""Why a container ends or cannot be started."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kindlings import explain, symptoms
from kindlings.conditions import ready
from kindlings.explain.sources import Sources
from kindlings.waiting import Unmet
from tests.unit import fakes
from tests.unit.fakes import (
    crashed,
    document,
    pod,
    scene,
    the_pod,
    waiting,
)
from tests.unit.told import ITS_IMAGE, POD, told

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (1, "exit code 1 (single-container.yaml:9)"),
        (126, f"exit code 126 (not executable) (single-container.yaml:9); {ITS_IMAGE}"),
        (127, f"exit code 127 (command not found) (single-container.yaml:9); {ITS_IMAGE}"),
        (137, "exit code 137 (SIGKILL) (single-container.yaml:9)"),
        (143, "exit code 143 (SIGTERM) (single-container.yaml:9)"),
    ],
)
def test_a_crash_has_its_code_and_its_last_words(tmp_path: Path, code: int, words: str) -> None:
    """How it ended, which line says what it runs, in which image it is not found, and the log's end."""
    one = pod(ready=False, statuses=[crashed(code)])
    findings = told(tmp_path, POD.format(image="busybox:1.36"), one, log="a\nno counter here\n\n")
    assert findings.because == (
        f"container count ends with {words}; the last line of its log: no counter here"
    )


SHELL = (
    fakes.POD
    + """\
      args:
        - /bni/sh
        - -d
        - |
          whlie true
"""
)


@pytest.mark.parametrize(
    ("reason", "words", "line"),
    [
        ("StartError", 'exec: "/bni/sh": stat /bni/sh: no such file or directory: unknown', 10),
        ("Error", "/bin/sh: illegal option -d", 11),
        ("Error", "syntax error", 9),
    ],
)
def test_of_a_program_of_several_lines_the_one_that_is_wrong_is_told(
    tmp_path: Path, reason: str, words: str, line: int
) -> None:
    """The word that cannot be run, the option that is complained about; else the list as a whole."""
    one = pod(ready=False, statuses=[crashed(2, reason=reason, message=words)])
    assert f"(single-container.yaml:{line})" in told(tmp_path, SHELL, one, log=words).because
    if line == 9:
        script = SHELL.replace("- -d", "- -c")
        assert "(single-container.yaml:12)" in told(tmp_path, script, one, log=words).because


@pytest.mark.parametrize(
    ("lines", "reason", "told_of_it"),
    [
        (
            "args:\n        - |\n          while true; do\n            date\n          done\n",
            "StartError",
            "could not be started: the container (single-container.yaml:7) has no command, and args begins "
            "with a script (single-container.yaml:10)",
        ),
        (
            "args:\n        - /bin/sh\n          - -c\n        - date\n",
            "StartError",
            "could not be started: this line (single-container.yaml:11) goes on with the item above "
            "(single-container.yaml:10), which reads /bin/sh - -c",
        ),
        (
            "command: [/bin/sh, -c]\n",
            "Error",
            "ends with exit code 2 (single-container.yaml:9); the last line of its log: sh: -c requires an "
            "argument; no script follows the shell's -c (single-container.yaml:9), and the container "
            "(single-container.yaml:7) has no args",
        ),
    ],
)
def test_a_shell_its_option_and_its_script_belong_together(
    tmp_path: Path, lines: str, reason: str, told_of_it: str
) -> None:
    """What a container lacks of the three is told with its line, and a script is not told in full."""
    one = pod(ready=False, statuses=[crashed(2, reason=reason, message='exec: "while true": no such file')])
    findings = told(tmp_path, f"{fakes.POD}      {lines}", one, log="sh: -c requires an argument")
    assert findings.because == f"container count {told_of_it}"


GREETS = "      args: [/bin/sh, -c, 'test -n \"$WHOM\" || echo WHOM is not set and nor is HOMW']\n"


@pytest.mark.parametrize(
    ("env", "told_of_it"),
    [
        ("", "; container count (single-container.yaml:7) has no WHOM in its env"),
        (
            "      env: [{name: WHMO, value: x}]\n",
            "; container count (single-container.yaml:7) has no WHOM in its env, only WHMO "
            "(single-container.yaml:10)",
        ),
        ("      env: [{name: WHOM}]\n", "; WHOM has no value (single-container.yaml:10)"),
        ("      env: [{name: WHOM, value: x}]\n", ""),
        ("      envFrom: [{configMapRef: {name: x}}]\n", ""),
    ],
)
def test_a_variable_that_a_container_misses_is_sought_in_its_env(
    tmp_path: Path, env: str, told_of_it: str
) -> None:
    """It is one that the script asks for, and the last line of the log names: missing, misspelt or empty."""
    one = pod(ready=False, statuses=[crashed(1)])
    because = told(tmp_path, fakes.POD + GREETS + env, one, log="WHOM is not set").because
    assert because.endswith(f"the last line of its log: WHOM is not set{told_of_it}")


def test_a_crash_without_a_word_says_so(tmp_path: Path) -> None:
    """An empty log is told, too."""
    findings = told(tmp_path, POD.format(image="busybox:1.36"), pod(ready=False, statuses=[crashed()]))
    assert findings.because.endswith("; its log is empty")


def test_a_command_that_ends_is_told_from_a_crash(tmp_path: Path) -> None:
    """Exit code 0 and restartPolicy Always."""
    one = pod(ready=False, statuses=[crashed(0, reason="Completed")])
    findings = told(tmp_path, POD.format(image="busybox:1.36"), one)
    assert findings.because.startswith(
        "the command of container count (single-container.yaml:9) ends with exit code 0"
    )


def test_memory_is_the_limits_line(tmp_path: Path) -> None:
    """OOMKilled leads to resources.limits.memory."""
    text = POD.format(image="busybox:1.36") + "      resources:\n        limits:\n          memory: 8Mi\n"
    findings = told(tmp_path, text, pod(ready=False, statuses=[crashed(137, reason="OOMKilled")]))
    assert findings.because == (
        "container count used more memory than its limit allows (single-container.yaml:12)"
        " and was killed: OOMKilled"
    )


def test_a_port_that_another_container_has_is_told(tmp_path: Path) -> None:
    """Two containers of a Pod that listen on one port; a container alone has nobody to share it with."""
    log = "httpd: bind: Address already in use\n"
    for others, shared in ((("count", "web"), True), (("count",), False)):
        one = pod(containers=others, ready=False, statuses=[crashed(1)])
        because = told(tmp_path, POD.format(image="busybox:1.36"), one, log=log).because
        assert because.endswith("one of them only can have a port") is shared


def test_a_script_that_nobody_may_execute_is_told(tmp_path: Path) -> None:
    """A ConfigMap's file as the command itself: permission denied."""
    text = POD.format(image="busybox:1.36").replace("[count]", "[/script/count.sh]") + (
        "      volumeMounts: [{name: script, mountPath: /script}]\n"
        "  volumes: [{name: script, configMap: {name: script}}]\n"
    )
    script = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: script}\ndata: {count.sh: date}\n"
    message = 'runc create failed: exec: "/script/count.sh": permission denied: unknown'
    one = pod(ready=False, statuses=[waiting("RunContainerError", message)])
    now = scene(the_pod(), one)
    documents = [document(tmp_path, text), document(tmp_path, script, "script.yaml")]
    verdict = Unmet(ready(), the_pod(), "", "", now.snapshot, symptoms.find(now))
    because = explain.unmet(verdict, Sources(documents, "lab")).findings.because
    assert because == (
        "container count could not be started (single-container.yaml:9): "
        '"/script/count.sh": permission denied;'
        " it runs count.sh of ConfigMap script (script.yaml:4), whose files nobody may execute:"
        " let a shell run it, as /bin/sh FILE does"
    )


@pytest.mark.parametrize(("folder", "hidden"), [("/bin", True), ("/bin/", True), ("/b", False)])
def test_a_volume_over_the_programs_folder_is_told(tmp_path: Path, folder: str, *, hidden: bool) -> None:
    """What the image has in a folder is not seen where a volume is mounted there."""
    text = POD.format(image="busybox:1.36") + f"      volumeMounts: [{{name: data, mountPath: {folder}}}]\n"
    message = 'exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown'
    because = told(tmp_path, text, pod(ready=False, statuses=[waiting("StartError", message)])).because
    assert because.endswith("(single-container.yaml:10), and hides what the image has there") is hidden
    assert '"/bin/sh": stat /bin/sh: no such file or directory' in because


def test_a_command_that_cannot_be_run_is_the_runtimes_word(tmp_path: Path) -> None:
    """StartError: the end of the runtime's message, at the command's line."""
    message = (
        'failed to create containerd task: runc create failed: exec: "count": '
        "executable file not found in $PATH: unknown"
    )
    one = pod(ready=False, statuses=[crashed(128, reason="StartError", message=message)])
    findings = told(tmp_path, POD.format(image="busybox:1.36"), one)
    assert findings.because == (
        'container count could not be started (single-container.yaml:9): "count": '
        "executable file not found in $PATH; its image is busybox:1.36 (single-container.yaml:8)"
    )
