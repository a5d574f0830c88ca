"""What `kindlings check --static` prints: frames for people, lines for editors, and its exit codes."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from kindlings.errors import ExitCode
from tests.unit.preflight_cases import DEPLOYMENT, POD, SERVICE, changed
from tests.unit.test_cli import run

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, text: str, name: str = "pod.yaml") -> str:
    """Write a manifest and return its path as one would type it."""
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def checked(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Return the exit code of `kindlings check --static`."""
    return run(monkeypatch, "check", "--static", *arguments)


def test_an_error_is_shown_in_its_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line with the one before it, a caret below the field, why, how to mend it, the numbers; exit 1."""
    path = written(tmp_path, changed(POD, ("image:", "imgae:")))
    assert checked(monkeypatch, path) == ExitCode.FAILED
    assert capsys.readouterr().out == (
        f"{path}:13:7: error: a container has no field imgae; did you mean image?\n"
        "     12 |     - name: web\n"
        "     13 |       imgae: kindlings/web:1.0\n"
        "        |       ^^^^^\n"
        "  why   The API server refuses an object with a field that it does not know.\n"
        "  mend  Write image for imgae.\n"
        "\n"
        "1 file, 1 object: 1 error, 0 warnings\n"
    )


def test_a_warning_does_not_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the API server takes is printed, and the exit code is 0."""
    service = written(tmp_path, changed(SERVICE, ("app: web", "app: wbe")), "service.yaml")
    assert checked(monkeypatch, service, written(tmp_path, DEPLOYMENT)) == ExitCode.OK
    printed = capsys.readouterr().out
    assert "warning: the Service selects app=wbe" in printed
    assert printed.endswith("2 files, 2 objects: 0 errors, 1 warning\n")


def test_nothing_to_mend_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A good folder is one line, and one for a file that is no manifest."""
    written(tmp_path, POD)
    left = written(tmp_path, "nodes: 3\n", "answers.yaml")
    assert checked(monkeypatch, str(tmp_path)) == ExitCode.OK
    assert capsys.readouterr().out == (
        f"{left} holds no Kubernetes object and is left out.\n\n"
        "1 file, 1 object: nothing to mend that can be told without a cluster\n"
    )


def test_editors_get_a_line_for_each_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """FILE:LINE:COLUMN: LEVEL: MESSAGE [RULE], and nothing else; a file as a whole is its first character."""
    pod = written(tmp_path, changed(POD, ("image:", "imgae:"), ("port: http", "port: 80")))
    empty = written(tmp_path, "", "empty.yaml")
    assert checked(monkeypatch, "--format", "problems", pod, empty) == ExitCode.FAILED
    *lines, last = capsys.readouterr().out.splitlines()
    assert lines == [
        f"{pod}:13:7: error: a container has no field imgae; did you mean image? [unknown-field]",
        f"{pod}:19:11: warning: the readinessProbe asks port 80, and the container lists http 8080 "
        f"({pod}:15) [probe-port]",
    ]
    assert last.startswith(f"{empty}:1:1: error: ")
    assert last.endswith(" [unreadable]")


def test_editors_get_nothing_where_nothing_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even an empty line."""
    assert checked(monkeypatch, "--format", "problems", written(tmp_path, POD)) == ExitCode.OK
    assert capsys.readouterr().out == ""


def test_what_cannot_be_read_has_its_line_and_caret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A YAML error is told in the words of the labs, with the line; a tab is seen as an arrow."""
    path = written(tmp_path, "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: web\n")
    assert checked(monkeypatch, path) == ExitCode.FAILED
    printed = capsys.readouterr().out
    assert f"{path}:4:1: error: line 4 is indented with a tab" in printed
    assert "      4 | →name: web\n        | ^" in printed


def test_text_of_a_file_does_not_reach_the_terminal_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Control characters of a manifest are shown as a mark, in the message and in the frame."""
    path = written(tmp_path, changed(POD, ("    app: web", '    app: "a\\e[31m b" # \x85\u202e')))
    assert checked(monkeypatch, path) == ExitCode.FAILED
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "\u202e" not in printed


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "needs --static"),
        (("--static",), "Which manifests?"),
        (("--static", "missing.yaml"), "There is no file missing.yaml"),
    ],
)
def test_a_mistake_at_the_prompt_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    """Without --static, without files or with one that is not there: exit code 2, and the way on."""
    assert run(monkeypatch, "check", *arguments) == ExitCode.USAGE
    assert says in capsys.readouterr().err


def test_a_check_imports_nothing_of_the_cluster(tmp_path: Path) -> None:
    """Neither the cluster's modules nor the Kubernetes client are imported, whose seconds would be felt."""
    code = (
        "import sys; from kindlings import cli; "
        f"sys.argv = ['kindlings', 'check', '--static', {written(tmp_path, POD)!r}]\n"
        "try:\n    cli.main()\nexcept SystemExit: pass\n"
        "heavy = ('kubernetes', 'jsonschema', 'rich', 'pytest')\n"
        "print([name for name in sys.modules if name.startswith(heavy)])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"
