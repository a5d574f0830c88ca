"""Grades one module for Classroom 50: exits 0 where it was graded, and with another code where it was not."""

import subprocess
import sys
from pathlib import Path

MODULE = "module2"
TIMEOUT = "540"
RESULT = "result.json"


def main() -> int:
    """Install, bring up a cluster, grade the checkout that this is started in."""
    # What a checkout brings along under that name is no result of ours.
    Path(RESULT).unlink(missing_ok=True)
    python = [sys.executable, "-I", "-m"]
    for command in (
        [*python, "pip", "install", "--quiet", "kindlings"],
        ["kindlings", "up", "--yes"],
        [
            *("kindlings", "grade", ".", "--module", MODULE, "--timeout", TIMEOUT),
            *("--format", "classroom50", "--out", RESULT),
        ],
    ):
        code = subprocess.run(command, check=False).returncode
        if code != 0:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
