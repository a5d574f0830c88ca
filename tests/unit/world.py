"""A machine made of fakes: podman, docker, kind, kubectl and apt as programs on PATH, and what they did.

This file is both: imported by tests it makes a World, run as a program it is whichever of them it is called.
"""

# ruff: noqa: T201 - as a program it prints

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

LEASE = "2026-11-23T10:00:10.000000Z"
NOW = "1795428000"  # 2026-11-23T10:00:00Z


class World:
    """The state of the fakes, shared by all their processes through one file."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        self.path = folder / "world.json"
        fresh = {"nodes": {}, "calls": [], "faults": {}, "annotations": {}, "networks": {}, "names": True}
        self.path.write_text(json.dumps(fresh), encoding="utf-8")

    def install(self, *names: str) -> None:
        """Put programs on PATH."""
        for name in names:
            program = self.bin / name
            program.write_text(
                f'#!/bin/sh\nFAKE={name} WORLD={self.path} exec {sys.executable} -S -E {__file__} "$@"\n',
                encoding="utf-8",
            )
            program.chmod(0o755)

    @contextmanager
    def edit(self) -> Iterator[dict[str, Any]]:
        """Read the state, and write it back changed."""
        with self.path.open("r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            state = json.load(file)
            yield state
            file.seek(0)
            file.truncate()
            json.dump(state, file)

    @property
    def state(self) -> dict[str, Any]:
        """Return the state as it is."""
        with self.edit() as state:
            return state

    def fail(self, command: str, said: str, **more: Any) -> None:
        """Let every call that begins with `command` ("podman run"), or `once` one, fail and say `said`."""
        with self.edit() as state:
            state["faults"][command] = {"said": said, **more}

    def calls(self, command: str) -> list[str]:
        """Return the calls that began with `command`."""
        return [call for call in self.state["calls"] if call.startswith(command)]


def main() -> int:
    """Be the program that this was called as."""
    world = World.__new__(World)
    world.path = Path(os.environ["WORLD"])
    name, arguments = os.environ["FAKE"], sys.argv[1:]
    with world.edit() as state:
        call = " ".join([name, *arguments])
        state["calls"].append(call)
        for command, fault in state["faults"].items():
            if call.startswith(command):
                print(fault["said"], file=sys.stderr)
                if fault.get("once"):
                    del state["faults"][command]
                return 125
        hang = state.get("hang")
        answer = PROGRAMS[name](state, arguments)
    if name == "kind" and arguments[0] == "create" and hang:
        print(" ✓ Preparing nodes", flush=True)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        time.sleep(hang)
    print(answer)
    return 0


def engine(state: dict[str, Any], words: list[str]) -> str:
    """Be podman or docker."""
    nodes = state["nodes"]
    if words[0] == "ps":
        cluster = next((word.rpartition("=")[2] for word in words if word.startswith("label=")), "")
        found = {name: node for name, node in nodes.items() if not cluster or _cluster(name) == cluster}
        return "\n".join(f"{name} {node['state']}" for name, node in found.items())
    if words[0] == "exec":
        return _exec(state, words[1:])
    if words[0] == "start":
        nodes[words[1]] = {"state": "running", "alive": True}
    elif words[0] == "rm":
        for name in words[1:]:
            nodes.pop(name, None)
    elif words[0] == "network" and words[1] == "create":
        state["networks"][words[2]] = state["names"]
    elif words[0] == "network" and words[1] == "inspect":
        if words[2] not in state["networks"]:
            sys.exit(125)
        return str(state["networks"][words[2]]).lower()
    elif words[0] == "network":
        state["networks"].pop(words[2])
    rootless = str(state.get("rootless", False)).lower()
    store = state.get("store", "/var/lib/containers/storage")
    return {"info": f"4.3.1 amd64 {rootless} {store}", "version": "29.0.0 amd64"}.get(words[0], "")


def _cluster(node: str) -> str:
    return node.removesuffix("2").removesuffix("-worker").removesuffix("-control-plane")


def _exec(state: dict[str, Any], words: list[str]) -> str:
    while words[0].startswith("--"):
        words = words[1:]
    name, *command = words
    if not state["nodes"].get(name, {}).get("alive"):
        print("Error: cannot exec in a stopped container", file=sys.stderr)
        sys.exit(255)
    away: list[str] = state.setdefault("away", [])
    match command:
        case ["mv", source, _]:
            part = Path(source).stem
            away.remove(part) if "aside" in source else away.append(part)
        case ["test", "-e", path]:
            sys.exit(Path(path).stem not in away)
        case ["systemctl", "stop", part]:
            away.append(part)
        case ["systemctl", "start", part] if part in away:
            away.remove(part)
        case ["pgrep", _, process]:
            sys.exit(any(part.startswith(process) for part in away))
    return NOW if "date" in words else ""


def kind(state: dict[str, Any], words: list[str]) -> str:
    """Be kind."""
    flags = dict(word.removeprefix("--").partition("=")[::2] for word in words if word.startswith("--"))
    name = flags["name"]
    if words[0] == "create":
        state["config"] = Path(flags["config"]).read_text(encoding="utf-8")
        for node in ("control-plane", "worker", "worker2")[: state["config"].count("role:")]:
            state["nodes"][f"{name}-{node}"] = {"state": "running", "alive": True}
    elif words[0] == "delete":
        for node in [node for node in state["nodes"] if _cluster(node) == name]:
            del state["nodes"][node]
        state["annotations"].clear()
    if words[0] in {"create", "export"}:
        Path(flags["kubeconfig"]).write_text("{}", encoding="utf-8")
    return " ✓ Preparing nodes"


def kubectl(state: dict[str, Any], words: list[str]) -> str:
    """Be kubectl, of a cluster that is well while its control plane runs."""
    words = [word for word in words if not word.startswith("--request-timeout")]
    nodes = state["nodes"]
    if not nodes or not all(node["alive"] for node in nodes.values()):
        print("The connection to the server was refused", file=sys.stderr)
        sys.exit(1)
    if words[:2] == ["get", "--raw"]:
        return json.dumps({"resources": [{"kind": "MutatingAdmissionPolicy"}]})
    if words[:2] == ["get", "--raw=/readyz"]:
        return "ok"
    if words[:2] == ["get", "nodes"]:
        ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
        return json.dumps({"items": [ready] * len(nodes)})
    if words[:2] == ["get", "leases"]:
        return json.dumps({"items": [{"spec": {"renewTime": LEASE}}] * len(nodes)})
    if words[:2] == ["get", "daemonset"]:
        status = {"desiredNumberScheduled": 3, "numberReady": 3}
        return json.dumps({"metadata": {"annotations": state["annotations"]}, "status": status})
    if words[:2] == ["patch", "daemonset"]:
        state["away"] = [] if "null" in words[-1] else [words[2]]
    if words[0] == "annotate":
        key, _, value = words[-1].partition("=")
        state["annotations"][key] = value
    return ""


def apt(state: dict[str, Any], words: list[str]) -> str:
    """Be apt-get, which brings podman, and apt-cache."""
    if words[0] == "policy":
        return "podman:\n  Candidate: 4.3.1+ds1-8"
    if words[0] == "install":
        state["names"] = True
        podman = Path(os.environ["WORLD"]).with_name("bin") / "podman"
        program = Path(os.environ["WORLD"]).with_name("bin") / "apt-get"
        podman.write_text(program.read_text(encoding="utf-8").replace("FAKE=apt-get", "FAKE=podman"))
        podman.chmod(0o755)
    return ""


PROGRAMS = {
    "podman": engine,
    "docker": engine,
    "kind": kind,
    "kubectl": kubectl,
    "apt-get": apt,
    "apt-cache": apt,
}

if __name__ == "__main__":
    sys.exit(main())
