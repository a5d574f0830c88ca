"""The launcher ./kindlings, with a Python that is a fake."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

LAUNCHER = Path(__file__).resolve().parents[2] / "kindlings"

# Fits where FITS says so; makes a .venv whose python is itself and whose pip installs a `kindlings`.
PYTHON = """#!/bin/sh
echo "$(basename "$0") $*" >>"$LOG"
case "$*" in
    *ensurepip*) case " $FITS " in *" $(basename "$0") "*) exit 0 ;; *) exit 1 ;; esac ;;
    *venv*--clear*) mkdir -p "$4/bin"; cp "$0" "$4/bin/python" ;;
    *--editable*) [ -z "$OFFLINE" ] || exit 1
        printf '#!/bin/sh\\necho ran "$@"\\nexit 3\\n' >"$(dirname "$0")/kindlings"
        chmod +x "$(dirname "$0")/kindlings" ;;
esac
"""


class Checkout:
    """A checkout with the launcher, and a PATH with nothing but a shell's tools and Pythons."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "the course"
        self.folder.mkdir()
        shutil.copy(LAUNCHER, self.folder)
        (self.folder / "pyproject.toml").write_text("one", encoding="utf-8")
        self.bin = folder / "bin"
        self.bin.mkdir()
        for tool in ("sh", "dirname", "basename", "cmp", "cp", "mkdir", "chmod", "cat"):
            found = shutil.which(tool)
            assert found
            (self.bin / tool).symlink_to(found)
        self.log = folder / "log"

    def python(self, *names: str) -> None:
        """Put Pythons on PATH."""
        for name in names:
            (self.bin / name).write_text(PYTHON, encoding="utf-8")
            (self.bin / name).chmod(0o755)

    def run(self, *arguments: str, fits: str = "", offline: str = "") -> subprocess.CompletedProcess[str]:
        """Run the launcher from elsewhere; `fits` names the Pythons that are good."""
        return subprocess.run(
            [self.folder / "kindlings", *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.bin,
            env={
                "PATH": str(self.bin),
                "LOG": str(self.log),
                "FITS": f"python {fits}",
                "OFFLINE": offline,
                "HOME": os.environ.get("HOME", "/"),
            },
        )

    @property
    def calls(self) -> list[str]:
        """Return what the Pythons were asked."""
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Give a fresh checkout, its path with a space in it."""
    return Checkout(tmp_path)


def test_the_first_run_installs_and_hands_over(checkout: Checkout) -> None:
    """Arguments and exit code are those of the installed command."""
    checkout.python("python3")
    result = checkout.run("up", "a b", fits="python3")
    assert (result.returncode, result.stdout) == (3, "ran up a b\n")
    assert "Installing" in result.stderr


def test_the_newest_python_that_works_is_taken(checkout: Checkout) -> None:
    """A shim that only fails is passed over, an older Python that works is taken."""
    checkout.python("python3.13", "python3.12", "python3")
    checkout.run(fits="python3.12 python3")
    assert [call.split()[0] for call in checkout.calls if "venv --clear" in call] == ["python3.12"]


def test_the_second_run_does_nothing_of_its_own(checkout: Checkout) -> None:
    """No Python is asked anything until pyproject.toml changes."""
    checkout.python("python3")
    checkout.run(fits="python3")
    calls = checkout.calls
    assert checkout.run("up").returncode == 3
    assert checkout.calls == calls
    (checkout.folder / "pyproject.toml").write_text("two", encoding="utf-8")
    checkout.run("up")
    assert len(checkout.calls) > len(calls)
    assert sum("venv --clear" in call for call in checkout.calls) == 1


def test_without_python_the_way_is_said(checkout: Checkout) -> None:
    """No Python 3.11: exit code 7 and what to install."""
    checkout.python("python3")
    result = checkout.run("up")
    assert result.returncode == 7
    assert "python3-venv" in result.stderr


def test_a_failed_installation_is_tried_again(checkout: Checkout) -> None:
    """Without network: exit code 7, and the next run installs."""
    checkout.python("python3")
    assert checkout.run("up", fits="python3", offline="yes").returncode == 7
    assert checkout.run("up", fits="python3").returncode == 3
