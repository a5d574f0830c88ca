#!/usr/bin/env python3
"""An OCI runtime for Docker on machines that withhold CAP_SYS_RESOURCE: runc, asked for less.

Docker's privileged containers insist on every capability, and set limits that only that one allows to raise.
This takes all three from what runc is to start (config.json and process.json of the OCI runtime spec).
"""

from __future__ import annotations

import json
import os
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any


def spare(process: dict[str, Any]) -> None:
    """Take from an OCI `process` what cannot be had without CAP_SYS_RESOURCE."""
    for name, kept in (process.get("capabilities") or {}).items():
        process["capabilities"][name] = [one for one in kept if one != "CAP_SYS_RESOURCE"]
    process.pop("rlimits", None)
    if process.get("oomScoreAdj", 0) < 0:
        process["oomScoreAdj"] = 0


def following(arguments: list[str], *options: str) -> str | None:
    """Return the argument after one of `options`."""
    return next((value for option, value in pairwise(arguments) if option in options), None)


def main(arguments: list[str]) -> None:
    """Mend the file that a container or a process in it is described in, then become runc."""
    if "create" in arguments or "run" in arguments:
        path = Path(following(arguments, "--bundle", "-b") or ".") / "config.json"
        description = json.loads(path.read_text(encoding="utf-8"))
        spare(description["process"])
        path.write_text(json.dumps(description), encoding="utf-8")
    elif "exec" in arguments and (process := following(arguments, "--process", "-p")):
        description = json.loads(Path(process).read_text(encoding="utf-8"))
        spare(description)
        Path(process).write_text(json.dumps(description), encoding="utf-8")
    os.execvp("runc", ["runc", *arguments])  # noqa: S606, S607 - that is what this is for; PATH is dockerd's


if __name__ == "__main__":
    main(sys.argv[1:])
