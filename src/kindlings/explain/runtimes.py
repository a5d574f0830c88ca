"""What the node's runtime says when it cannot start a program: runc's words and crun's, as one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kindlings.manifests import Document, FieldPath

_ABOVE: Final = re.compile(
    r"exec: |OCI runtime \w+ failed: |runc create failed: |unable to start container process: "
    r"|error during container init: "
)
"""What stands before the cause: each caller adds what it was about to do."""
_CRUN_FINDS_NONE: Final = re.compile(r"executable file `([^`]*)` not found")
_CRUN_OPENS_NONE: Final = "open executable: "
_MOUNTS: Final = re.compile(r'(?:to rootfs at "|to `)/?(?P<at>[^"`]+)["`].*not a directory', re.IGNORECASE)
_ENTERS: Final = re.compile(r"(?:mkdir |chdir `|chdir to cwd \(\")(?P<folder>/[^:`\"]*)")


def said(message: str, program: object = "") -> str:
    """Return the end of a message in runc's words: what could not be run, in double quotes, and why.

    crun does not always name the `program` that it was given.
    """
    if found := _CRUN_FINDS_NONE.search(message):
        name = found[1]
        stat = f"stat {name}: no such file or directory"
        return f'"{name}": {stat if "/" in name else "executable file not found in $PATH"}'
    if _CRUN_OPENS_NONE in message:
        return f'"{program}": permission denied'
    return _ABOVE.split(message)[-1].replace(": unknown", "").strip() or "its command cannot be run"


def surroundings(message: str, document: Document, path: FieldPath) -> str:
    """Say which mount or workingDir of the container at `path` cannot be; or nothing."""
    if found := _MOUNTS.search(message):
        target = f"/{found['at'].rstrip('/')}"
        for index, mount in enumerate(document.get(*path, "volumeMounts") or []):
            if isinstance(mount, dict) and str(mount.get("mountPath")).rstrip("/") == target:
                place = document.at(*path, "volumeMounts", index, "mountPath")
                return (
                    f"{mount.get('name')} cannot be mounted at {target} ({place}): of it and of what the "
                    "image has there, one is a file and the other a folder"
                )
    folder = document.get(*path, "workingDir")
    if (found := _ENTERS.search(message)) and found["folder"].rstrip("/") == str(folder).rstrip("/"):
        place = document.at(*path, "workingDir")
        return f"its workingDir {folder} ({place}) is no folder, and cannot be made"
    return ""
