"""What a node's runtime says of what it cannot start: runc's words and crun's, as one."""

from __future__ import annotations

import re
from typing import Final

EXEC_FAILED: Final = "OCI runtime exec failed: "
"""What stands in the message of a command in a container that was not even started."""
_ABOVE: Final = re.compile(
    r"exec: |OCI runtime \w+ failed: |runc create failed: |unable to start container process: "
    r"|error during container init: "
)
"""What stands before the cause: each caller adds what it was about to do."""
_NO_PROGRAM: Final = re.compile(r"executable file (?:`(?P<crun>[^`]*)` )?not found")
_CRUN_OPENS_NONE: Final = "open executable: "
_MOUNTS: Final = re.compile(r'(?:to rootfs at "|to `)/?(?P<at>[^"`]+)["`].*not a directory', re.IGNORECASE)
_ENTERS: Final = re.compile(r"(?:mkdir |chdir `|chdir to cwd \(\")(?P<folder>/[^:`\"]*)")


def said(message: str, program: object = "") -> str:
    """Return the end of a message in runc's words: what could not be run, in double quotes, and why.

    crun does not always name the `program` that it was given.
    """
    found = _NO_PROGRAM.search(message)
    if found and (name := found["crun"]) is not None:
        stat = f"stat {name}: no such file or directory"
        return f'"{name}": {stat if "/" in name else "executable file not found in $PATH"}'
    if _CRUN_OPENS_NONE in message:
        return f'"{program}": permission denied'
    return _ABOVE.split(message)[-1].replace(": unknown", "").strip() or "its command cannot be run"


def finds_no_program(message: str) -> bool:
    """Tell whether the runtime has looked into a container for a program that is not in it."""
    return _NO_PROGRAM.search(message) is not None


def target(message: str) -> str:
    """Return the path at which a file was to be mounted over a folder, or the reverse; or nothing."""
    found = _MOUNTS.search(message)
    return f"/{found['at'].rstrip('/')}" if found else ""


def entered(message: str) -> str:
    """Return the path of a workingDir that could not be made or entered, without / at its end; or nothing."""
    found = _ENTERS.search(message)
    return found["folder"].rstrip("/") if found else ""
