"""Grades one module for Classroom 50: exits 0 where it was graded, and with another code where it was not."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MODULE = "module2"
TIMEOUT = "540"
WRITTEN = {"classroom50.json": "result.json", "report.md": "release-body.md"}
"""What kindlings writes, and what Classroom 50 reads: the points, and the text of the release."""


def main() -> int:
    """Install, bring up a cluster, grade the checkout that this is started in."""
    for name in WRITTEN.values():
        remove(Path(name))
    python = [sys.executable, "-I", "-m"]
    with tempfile.TemporaryDirectory() as out:
        for command in (
            [*python, "pip", "install", "--quiet", "kindlings"],
            ["kindlings", "up", "--yes"],
            [
                *("kindlings", "grade", ".", "--module", MODULE, "--timeout", TIMEOUT),
                *("--format", "classroom50", "--format", "markdown", "--out", out),
            ],
        ):
            code = subprocess.run(command, check=False).returncode
            if code != 0:
                return code
        for ours, theirs in WRITTEN.items():
            shutil.copyfile(Path(out) / ours, theirs)
    return 0


def remove(path: Path) -> None:
    """Remove what a checkout brings along under the name of a result: it is none of ours."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
