"""What is there, what is missing, and what to do: looks at everything and changes nothing."""

from __future__ import annotations

import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from kindlings.cluster import breaking, install, machine, nodes, ports, probe, state
from kindlings.cluster import engine as engines
from kindlings.cluster.images import STAND_IN
from kindlings.errors import InfrastructureError
from kindlings.versions import VERSIONS
from kindlings.writers import message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.cluster.engine import Engine

Verdict = Literal["good", "note", "bad"]

WATCHES: Final = 524288
INSTANCES: Final = 512
"""What kind recommends for inotify (kind.sigs.k8s.io, known issues: "too many open files")."""

_GIB: Final = machine.GIB


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    thing: str
    found: str
    verdict: Verdict = "good"
    advice: str = ""

    @property
    def bad(self) -> bool:
        """Tell whether no cluster can be had with it."""
        return self.verdict == "bad"


def examine() -> list[Finding]:
    """Look at everything once."""
    found = [Finding("Python", f"{platform.python_version()} ({sys.executable})")]
    findings, engine = _engines()
    found += findings
    found += _system()
    record = state.load(state.chosen_name())
    if engine is not None:
        found += [*_room(engine), *_node_image(engine, record), *_cluster(engine, record)]
        found += _break_cluster(engine)
    found += [*_tools(record), *_ports(record)]
    return found


def _engines() -> tuple[list[Finding], Engine | None]:
    """Return what is to say of each engine, and the one that would be used."""
    wanted = engines.chosen_by_user()
    names = (wanted,) if wanted else tuple(sorted(engines.NAMES, key=lambda name: name != probe.last()))
    refused: list[Finding] = []
    for name in names:
        candidate = engines.candidate(name)
        if candidate is None:
            continue
        try:
            engine = probe.trial(candidate)
        except InfrastructureError as error:
            refused.append(Finding(f"Engine {name}", error.message, "bad", error.advice))
            continue
        limits = ", without CAP_SYS_RESOURCE: limits of our own" if engine.limited else ""
        notes = [Finding(one.thing, one.found, "note", "Not needed: another one works.") for one in refused]
        return [Finding("Engine", f"{engine.name} {engine.version}{limits}"), *notes], engine
    return refused or [Finding("Engine", "none", "bad", install.instructions())], None


def _system() -> Iterator[Finding]:
    if Path("/sys/fs/cgroup").is_dir():
        version = 2 if Path("/sys/fs/cgroup/cgroup.controllers").exists() else 1
        advice = "" if version == 2 else "Works; cgroup v1 is going away, so update this system some day."
        yield Finding("cgroups", f"v{version}", "good" if version == 2 else "note", advice)
    if "microsoft" in platform.release().lower():
        yield Finding(
            "WSL2",
            platform.release(),
            "note",
            "Keep exercises in the Linux file system; memory is set in %UserProfile%\\.wslconfig.",
        )
    for name, good in (("max_user_watches", WATCHES), ("max_user_instances", INSTANCES)):
        path = Path("/proc/sys/fs/inotify") / name
        if not path.exists():
            continue
        number = int(path.read_text(encoding="ascii"))
        scarce = number < good
        advice = f"If nodes say `too many open files`: `sudo sysctl fs.inotify.{name}={good}`."
        yield Finding(f"inotify {name}", str(number), "note" if scarce else "good", advice if scarce else "")


def _room(engine: Engine) -> Iterator[Finding]:
    memory = machine.memory(engine)
    if memory is not None:
        few, scarce = memory < machine.LEAST_MEMORY, memory < machine.GOOD_MEMORY
        yield Finding(
            "Memory",
            f"{memory / _GIB:.1f} GiB for containers",
            "bad" if few else "note" if scarce else "good",
            f"{machine.GOOD_MEMORY / _GIB:.0f} GiB are good. {machine.WHERE_MEMORY}" if scarce else "",
        )
    space = machine.disk(engine)
    if space is not None:
        root, free = space
        few = free < machine.LEAST_DISK
        advice = f"{machine.LEAST_DISK / _GIB:.0f} GiB are needed: `{engine.name} system prune` makes room."
        yield Finding(
            "Disk", f"{free / _GIB:.0f} GiB free at {root}", "bad" if few else "good", advice if few else ""
        )


def _node_image(engine: Engine, record: state.Record | None) -> Iterator[Finding]:
    if record is None:
        yield Finding("Node image", "none in use", "note", "`kindlings up` pulls or builds it.")
        return
    label = f'{{{{index .Config.Labels "{STAND_IN}"}}}}'
    asked = engine.run("image", "inspect", record.image, "--format", label, check=False)
    present = asked.returncode == 0
    origin = "built here from source" if record.origin == "built" else "pulled"
    if asked.stdout.strip() == "true":
        origin += ", a stand-in for the official image, with stand-ins for the course's images"
    yield Finding(
        "Node image",
        f"{record.image}: {origin}",
        "good" if present else "note",
        "" if present else "It is gone from the engine: `kindlings up` brings it back.",
    )


def _cluster(engine: Engine, record: state.Record | None) -> Iterator[Finding]:
    name = state.chosen_name()
    found = nodes.find(engine, name)
    up = "`kindlings up` brings it up."
    if not found:
        yield Finding(f"Cluster {name}", "none", "note", up)
        return
    stopped = [node.name for node in found if not node.runs]
    dead = nodes.dead(engine, [node for node in found if node.runs])
    if record is None:
        yield Finding(f"Cluster {name}", "begun and never finished", "bad", "`kindlings up` replaces it.")
    elif dead:
        advice = "`kindlings up` replaces it."
        yield Finding(f"Cluster {name}", f"without processes: {', '.join(dead)}", "bad", advice)
    elif stopped:
        yield Finding(f"Cluster {name}", f"stopped: {', '.join(stopped)}", "note", up)
    else:
        yield Finding(f"Cluster {name}", f"{len(found)} nodes run, Kubernetes {record.kubernetes}")


def _break_cluster(engine: Engine) -> Iterator[Finding]:
    """Look at the cluster in which module 0 takes things away; it is made on first use."""
    name = state.break_name(state.chosen_name())
    found = nodes.find(engine, name)
    thing = f"Cluster {name}"
    away = breaking.taken(name)
    if not found:
        yield Finding(thing, "none: module 0 makes it when it is needed")
    elif state.load(name) is None or nodes.dead(engine, [node for node in found if node.runs]):
        yield Finding(thing, "cannot be used", "note", "Module 0 replaces it; `kindlings down` removes it.")
    elif away:
        advice = "An experiment gives it back when it ends; else `kindlings up` does."
        yield Finding(thing, f"{away} is taken away", "note", advice)
    elif all(node.runs for node in found):
        yield Finding(thing, "1 node runs, whole")
    else:
        yield Finding(thing, "stopped", "note", "Module 0 starts it when it is needed.")


def _tools(record: state.Record | None) -> Iterator[Finding]:
    if record is None:
        wanted = f"kind {VERSIONS['kind']['version']} and kubectl are not there yet"
        yield Finding("Tools", wanted, "note", "`kindlings up` finds, fetches or builds them.")
        return
    for name, path in (("kind", record.kind), ("kubectl", record.kubectl)):
        there = Path(path).exists()
        advice = "" if there else "`kindlings up` brings it back."
        yield Finding(name, path if there else f"{path} is gone", "good" if there else "note", advice)


def _ports(record: state.Record | None) -> Iterator[Finding]:
    if record is not None:
        for node_port, port in record.node_ports.items():
            where = f"{ports.ADDRESS}:{port}"
            other = (
                "" if port == node_port else "The port itself was taken; lessons and messages say this one."
            )
            yield Finding(f"Node port {node_port}", where, "note" if other else "good", other)
        return
    for port in ports.NODE_PORTS:
        free = ports.is_free(port)
        advice = "" if free else "`kindlings up` takes the next free one."
        yield Finding(f"Port {port}", "free" if free else "taken", "good" if free else "note", advice)


def show(findings: list[Finding]) -> None:
    """Print each finding to standard output, what to do below it, coloured where that is a terminal."""
    colours = {"good": "green", "note": "yellow", "bad": "red"}
    width = min(shutil.get_terminal_size().columns, 100)
    column = max(len(one.thing) for one in findings) + 2
    for one in findings:
        beginning = f"{one.verdict:<6}{one.thing:<{column}}"
        indent = len(beginning)
        found = message.wrapped(one.found, indent, beginning, width)
        advice = message.wrapped(one.advice, indent, " " * indent, width)
        text = "\n".join((*found, *advice)).removeprefix(one.verdict)
        click.echo(click.style(one.verdict, colours[one.verdict]) + text)
