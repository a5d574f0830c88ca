"""What preflight says of commands, of scripts and of the files that commands name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.preflight_cases import changed, examined, said

if TYPE_CHECKING:
    from pathlib import Path

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  volumes:
    - name: script
      configMap: {name: script}
  containers:
    - name: web
      image: busybox:1.37
      args: ARGS
      volumeMounts:
        - name: script
          mountPath: /script
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: script
data:
  count.sh: |
    SCRIPT
"""
LOOP = "while true; do sleep 1; done"


def found(folder: Path, *, args: str = "[sleep, '1']", script: str = "date") -> list[str]:
    """Return what is said of a Pod with these args, and of a ConfigMap with this script."""
    indented = script.replace("\n", "\n    ")
    return said(examined(folder, changed(POD, ("ARGS", args), ("SCRIPT", indented))))


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (f"[/bni/sh, -c, '{LOOP}']", "12:14 the container starts /bni/sh; did you mean /bin/sh?"),
        ("[ecoh, hello]", "12:14 the container starts ecoh; did you mean echo?"),
        (f"[/bin/sh, -d, '{LOOP}']", "12:23 the shell is not told by -c that a script follows (a.yaml:12)"),
        (f"[sh, '{LOOP}']", "12:18 the shell is not told by -c that a script follows (a.yaml:12)"),
        (
            "[sh, -c, 'whlie true; do sleep 1; done']",
            "12:22 the script has a command whlie; did you mean while?",
        ),
        ("[sh, -ec, 'tali -F /log']", "12:23 the script has a command tali; did you mean tail?"),
        (
            "[sh, /scrpit/count.sh]",
            "12:18 the command names /scrpit/count.sh, and a volume is mounted at /script",
        ),
        (
            "[sh, /script/cuont.sh]",
            "12:18 the command names /script/cuont.sh, and the files at /script are count.sh",
        ),
        ("[sh, -ec]", "12:18 no script follows the shell's -ec"),
        (
            "\n        - /bin/sh\n          - -c\n        - date - now",
            "14:11 this line goes on with the item above (a.yaml:13), which reads /bin/sh - -c",
        ),
        (f"['{LOOP}']", "10:7 the container has no command, and args begins with a script (a.yaml:12)"),
    ],
)
def test_a_command_that_cannot_be_meant_is_told(tmp_path: Path, args: str, message: str) -> None:
    """A typo in what everybody writes, a script without -c, a file beside its volume: told at the word."""
    assert found(tmp_path, args=args)[0].startswith(f"warning a.yaml:{message}")


@pytest.mark.parametrize(
    "args",
    [
        "[]",
        "[backend]",
        "[/bin/sh, /script/count.sh]",
        "[bash, -euxc, 'set -x; exec /usr/local/bin/own --flag']",
        "[sh, -c, -e, 'echo one two']",
        "[sh, /other/place.sh, 'two words']",
        "[/app/srever, --verbose]",
        "['7', '']",
        "['--greeting', 'one; two']",
        "['two words']",
        "\n        - sh\n        - -c\n        - echo one\n          two - three\n",
        "\n        - sh\n        - -c\n        - |\n          echo one - two\n          echo 3\n",
    ],
)
def test_a_command_that_may_be_meant_is_left_alone(tmp_path: Path, args: str) -> None:
    """Programs that nobody knows, options of shells and files of the image are nobody's typos."""
    assert found(tmp_path, args=args) == []


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("while true; do\n  sleep 1", "the script has do without its done"),
        ("while true\n  sleep 1\ndone", "the script has while without its do"),
        ("sleep 1\ndone", "the script has done without its do"),
        ("if [ -f a ]; then date", "the script has if without its fi"),
        ("for i in 1 2; do raed line; done", "the script has a command raed; did you mean read?"),
    ],
)
def test_a_script_that_cannot_be_run_is_told(tmp_path: Path, script: str, message: str) -> None:
    """A block without its end or its beginning, and a command with a typo, are told at the script's key."""
    assert found(tmp_path, script=script) == [f"warning a.yaml:22:3 {message}"]


@pytest.mark.parametrize(
    "script",
    [
        LOOP,
        "x=$(for i in 1 2; do echo $i; done)",
        "echo if you are done, do it; # while we do\necho 'case closed' \"do\nfi\"",
        "cat <<END\ndone\nwhlie\nEND",
        "case $1 in\n  a) if true; then date; else sleep 1; fi ;;\nesac",
        "while read x; do echo $x; done < file | sort >out 2>&1 &\nwait",
        "until test -f a; do sleep 1; done && echo \\\n  done",
        "! grep -q a b || { exit 1; }",
    ],
)
def test_a_script_that_can_be_run_is_left_alone(tmp_path: Path, script: str) -> None:
    """Words in quotes, in comments, in here-documents and as arguments are no commands."""
    assert found(tmp_path, script=script) == []


def test_a_shell_without_args_is_told_with_its_container(tmp_path: Path) -> None:
    """Where the script is missing with all of args, the container is named as well as its -c."""
    text = changed(POD, ("args: ARGS", "command: [/bin/sh, -c]"), ("SCRIPT", "date"))
    [one] = examined(tmp_path, text)
    assert one.because == (
        "no script follows the shell's -c (a.yaml:12), and the container (a.yaml:10) has no args"
    )
