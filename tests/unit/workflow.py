"""Runs a workflow's steps as its platform does, in a clean clone; its actions have stand-ins."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

PROGRAM: Final = """#!{python} -I
import sys
sys.path[:0] = {path}
import kindlings.cli
import kindlings.grading.command

class Place:
    kubernetes = "v0"
    healthy = staticmethod(lambda: True)
    silent_nodes = staticmethod(tuple)

    def __init__(self, target, progress):
        pass

kindlings.grading.command.Place = Place
kindlings.cli.commands.commands["up"].callback = lambda **_: 0
kindlings.cli.main()
"""
"""`kindlings` as it is installed, but that its cluster is there without one."""

Step = Mapping[str, Any]
Action = Callable[[Step, Path], None]
"""What stands in for an action: gets the step, its values filled in, and the checkout."""


class Runner:
    """A machine of the platform: a job's steps run in its checkout, one after the other, until one fails."""

    def __init__(self, folder: Path, site: Path, actions: Mapping[str, Action]) -> None:
        """Run in `folder`, an empty one, with the package that `site` holds."""
        self.checkout, self.temporary, self._programs = folder / "checkout", folder / "tmp", folder / "bin"
        for made in (self.checkout, self.temporary, self._programs):
            made.mkdir(parents=True)
        path = [str(site), *(one for one in sys.path if one.endswith("site-packages"))]
        self.install("kindlings", PROGRAM.format(python=sys.executable, path=path))
        self.install("pip", "#!/bin/sh\ntest \"$*\" = 'install kindlings'\n")
        self._actions = actions
        self.values: dict[str, str] = {}
        """What expressions stand for: matrix.shard, steps.ID.outputs.NAME."""
        self.summary = folder / "summary.md"
        """The job's page, as steps have written it."""

    def install(self, name: str, text: str) -> None:
        """Put a program on the machine's path."""
        (self._programs / name).write_text(text, encoding="utf-8")
        (self._programs / name).chmod(0o755)

    def run(self, steps: list[Step]) -> str:
        """Run the steps; return which one failed, "" where none did. After it only `if: always()` is run."""
        failed = ""
        for step in steps:
            if failed and step.get("if") != "always()":
                continue
            done = self._filled(step)
            if "uses" in done:
                self._actions[done["uses"].partition("@")[0]](done, self.checkout)
            elif self._shell(done) != 0:
                failed = failed or str(done.get("id") or done.get("name") or done["run"])
        return failed

    def _shell(self, step: Step) -> int:
        """Run one step as the platform does: a script for `bash -e`."""
        script, output = self.temporary / "step.sh", self.temporary / "output"
        script.write_text(step["run"], encoding="utf-8")
        output.write_text("", encoding="utf-8")
        environment = {
            **{name: os.environ[name] for name in ("KINDLINGS_STATE_DIR", "KINDLINGS_CACHE_DIR")},
            "PATH": f"{self._programs}:/usr/bin:/bin",
            "HOME": str(self.temporary),
            "RUNNER_TEMP": str(self.temporary),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
        }
        bash = shutil.which("bash")
        assert bash is not None
        command = [bash, "-e", str(script)]
        code = subprocess.run(command, cwd=self.checkout, env=environment, check=False).returncode
        for line in output.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            self.values[f"steps.{step.get('id')}.outputs.{name}"] = value
        return code

    def _filled(self, given: Any) -> Any:
        """Return what is given with its expressions filled in; an output that is not there is empty."""
        if isinstance(given, Mapping):
            return {key: self._filled(value) for key, value in given.items()}
        if not isinstance(given, str):
            return given
        return re.sub(r"\$\{\{ *([\w.]+) *\}\}", lambda found: self.values.get(found[1], ""), given)


def jobs(path: Path) -> dict[str, Any]:
    """Return the jobs of a workflow's file."""
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return found
