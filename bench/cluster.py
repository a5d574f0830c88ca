"""The cluster itself. Limits: `up` 1.1 times a bare `kind create cluster` so configured; back in 30 s."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from kindlings.cluster import state
from kindlings.cluster.up import attach

NAME = "bench"
KINDLINGS = str(Path(sys.executable).parent / "kindlings")


def timed(what: str, command: list[str], environment: dict[str, str]) -> float:
    """Run `command` and print and return its seconds."""
    start = time.perf_counter()
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    taken = time.perf_counter() - start
    print(f"{what:40} {taken:5.1f} s", flush=True)
    return taken


def main() -> None:
    """Take each twice, in turns, and print the ratio of the better ones."""
    ours = {**os.environ, "KINDLINGS_CLUSTER": NAME}
    ups, bares, backs = [], [], []
    for _ in range(2):
        ups.append(timed("kindlings up, no cluster", [KINDLINGS, "up"], ours))
        cluster = attach(NAME)
        engine = cluster.engine
        timed("kindlings up, running", [KINDLINGS, "up"], ours)
        nodes = [f"{NAME}-{role}" for role in ("worker2", "worker", "control-plane")]
        engine.run("stop", *nodes)
        backs.append(timed("kindlings up, stopped", [KINDLINGS, "up"], ours))
        config = Path(state.folder(NAME)) / "kind.yaml"
        kept = config.read_text(encoding="utf-8")
        timed("kindlings down", [KINDLINGS, "down"], ours)
        bare = config.with_name("bare.yaml")
        bare.parent.mkdir(parents=True, exist_ok=True)
        bare.write_text(kept, encoding="utf-8")
        command = [str(cluster.kind_path), "create", "cluster", "--name=bench-bare", f"--config={bare}"]
        command += [f"--image={cluster.image}", f"--kubeconfig={bare.with_name('bare')}", "--wait=60s"]
        bares.append(timed("kind create cluster", command, cluster.env))
        delete = [str(cluster.kind_path), "delete", "cluster", "--name=bench-bare"]
        timed("kind delete cluster", [*delete, f"--kubeconfig={bare.with_name('bare')}"], cluster.env)
    print(f"up is {min(ups) / min(bares):.2f} times a bare kind; back after {min(backs):.1f} s")


if __name__ == "__main__":
    main()
