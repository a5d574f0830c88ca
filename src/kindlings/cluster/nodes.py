"""The node containers of a cluster, as the engine knows them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kindlings.errors import InfrastructureError

if TYPE_CHECKING:
    from kindlings.cluster.engine import Engine

_LABEL: Final = "io.x-k8s.kind.cluster"
"""kind's own label on node containers, of every engine (sigs.k8s.io/kind, providers' constants)."""

_PATIENCE: Final = 20.0
"""Seconds for a word with one node; a live one answers within 0.3 s."""


@dataclass(frozen=True)
class Node:
    """A node container, and whether its engine believes it to run."""

    name: str
    runs: bool


def find(engine: Engine, cluster: str) -> list[Node]:
    """Return the cluster's node containers, the control plane first."""
    answer = engine.run(
        "ps", "--all", "--filter", f"label={_LABEL}={cluster}", "--format", "{{.Names}} {{.State}}"
    )
    lines = [line.split() for line in answer.stdout.splitlines() if line.strip()]
    # Docker says "running", podman 4 "Up 3 minutes ago".
    found = (Node(words[0], words[1].lower() in {"running", "up"}) for words in lines)
    # The names sort as they should: x-control-plane, x-worker, x-worker2.
    return sorted(found, key=lambda node: node.name)


def dead(engine: Engine, nodes: list[Node]) -> list[str]:
    """Return the names of the nodes in which nothing can be run.

    Asked of the containers themselves: podman's list still says "running" after a container's processes
    were all killed.
    """

    def answers(node: Node) -> bool:
        try:
            return engine.run("exec", node.name, "true", check=False, timeout=_PATIENCE).returncode == 0
        except InfrastructureError:
            return False

    with ThreadPoolExecutor(len(nodes) or 1) as pool:
        alive = list(pool.map(answers, nodes))
    return [node.name for node, answer in zip(nodes, alive, strict=True) if not answer]


def start(engine: Engine, nodes: list[Node]) -> float:
    """Start stopped `nodes` in their order; return the time (of the nodes' clock, seconds since 1970).

    The control plane goes first: addresses are given in the order of starting, and workers look for it.
    """
    for node in nodes:
        if not node.runs:
            engine.run("start", node.name)
    return float(engine.run("exec", nodes[0].name, "date", "+%s").stdout)


def remove(engine: Engine, nodes: list[Node]) -> None:
    """Remove the containers with their volumes, in whatever state they are."""
    if not nodes:
        return
    names = [node.name for node in nodes]
    engine.run("rm", "--force", "--volumes", *names)
    if engine.name == "podman":
        # To podman a volume that kind made beforehand is not the container's own, however nameless: kind
        # labels each with its node's name (sigs.k8s.io/kind, podman's createAnonymousVolume).
        listed = (engine.run("volume", "ls", "--quiet", "--filter", f"label={name}") for name in names)
        if volumes := [volume for answer in listed for volume in answer.stdout.split()]:
            engine.run("volume", "rm", "--force", *volumes)
