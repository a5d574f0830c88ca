"""The kind cluster: pytest-kind's KindCluster with our own tools, engine, kubeconfig and config."""

from __future__ import annotations

import contextlib
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pykube
import pytest_kind.cluster

from kindlings.cluster import engine as engines
from kindlings.cluster import nodes, policies, shapes, state
from kindlings.errors import MEND_CLUSTER, InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kindlings.cluster.engine import Engine
    from kindlings.cluster.node_image import NodeImage
    from kindlings.progress import Progress, Step

_CREATION_STEPS: Final = 7
"""What kind ticks off: image, nodes, configuration, control plane, CNI, StorageClass, workers."""

_SERVES: Final = "Installing StorageClass"
"""The last of its steps before the workers join."""

WIPE: Final = """\
if [ -e "$1" ]; then mkdir -p "$2" && mv "$1" "$2/$$" || exit; fi
rm -rf "$2" || true
"""
"""Takes the folder $1 away at once, by way of $2: rm may fail while a Pod still writes there."""


class Cluster(pytest_kind.cluster.KindCluster):  # type: ignore[misc] # it has no types
    """A kind cluster of ours, made or taken over by `kindlings.cluster.up`."""

    name: str
    kubeconfig_path: Path
    kind_path: Path
    kubectl_path: Path

    def __init__(
        self,
        name: str,
        *,
        engine: Engine,
        node_image: NodeImage,
        node_ports: Mapping[int, int],
        kind_path: Path,
        kubectl_path: Path,
    ) -> None:
        """Describe the cluster `name`; nothing is created. `node_ports` lead from node port to port here."""
        self.engine = engine
        self.node_image = node_image
        self.node_ports = dict(node_ports)
        folder = state.folder(name)
        folder.mkdir(parents=True, exist_ok=True)
        # pytest-kind makes its folder .pytest-kind in the current one: not in the learner's.
        with contextlib.chdir(folder):
            super().__init__(
                name,
                state.kubeconfig(name),
                node_image.reference,
                kind_path.absolute(),
                kubectl_path.absolute(),
            )
        self.path = folder

    @property
    def shape(self) -> shapes.Shape:
        """Return what the cluster is to look like, which its name tells."""
        return shapes.BREAK if state.is_break(self.name) else shapes.COURSE

    @property
    def config(self) -> dict[str, Any]:
        """Return the cluster's kind config for this machine."""
        return shapes.config(self.engine, self.kubernetes, self.node_ports, self.shape)

    @property
    def kubernetes(self) -> str:
        """Return the version of Kubernetes, "1.36.3"."""
        return self.node_image.kubernetes

    @property
    def log_path(self) -> Path:
        """Return the file that keeps everything kind said."""
        return self.path / "kind.log"

    @cached_property
    def api(self) -> Any:
        """Return pykube's client, as pytest-kind has it."""
        return pykube.HTTPClient(pykube.KubeConfig.from_file(self.kubeconfig_path))

    def create(
        self,
        config_file: str | Path | None = None,
        progress: Progress | None = None,
        serving: Callable[[], object] | None = None,
    ) -> None:
        """Create the cluster; raises InfrastructureError with kind's reason, nothing then being left.

        `serving` is called once the control plane serves, while kind still joins the workers.
        """
        # Left behind by a kind that was killed; our own lock already keeps others out.
        self.kubeconfig_path.with_name("kubeconfig.lock").unlink(missing_ok=True)
        arguments = ["create", "cluster", f"--image={self.image}"]
        if config_file:
            arguments.append(f"--config={config_file}")
        if progress is None:
            self._kind(*arguments)
            return
        with progress.step("Creating the cluster", _CREATION_STEPS) as step:
            self._kind(*arguments, step=step, serving=serving)

    def delete(self) -> None:
        """Delete the cluster's nodes, in whatever state they are."""
        self._kind("delete", "cluster")

    def export_kubeconfig(self) -> None:
        """Write the kubeconfig anew."""
        self.kubeconfig_path.with_name("kubeconfig.lock").unlink(missing_ok=True)
        self._kind("export", "kubeconfig")

    def load_archive(self, archive: Path) -> None:
        """Load the images of `archive` into every node."""
        # The only way that needs no crictl in the node and no Docker image store.
        self._kind("load", "image-archive", str(archive), kubeconfig=False)

    def load_docker_image(self, docker_image: str) -> None:
        """Load an image of the engine's into every node."""
        with tempfile.TemporaryDirectory() as scratch:
            archive = Path(scratch) / "image.tar"
            self.engine.run("save", "--output", str(archive), docker_image)
            self.load_archive(archive)

    def ask(self, *arguments: str, stdin: str | None = None, timeout: float = 180) -> str:
        """Return what kubectl answers; raises InfrastructureError with its reason. `timeout` in seconds."""
        try:
            result = subprocess.run(
                [str(self.kubectl_path), f"--request-timeout={timeout:.0f}s", *arguments],
                check=False,
                capture_output=True,
                text=True,
                errors="replace",
                input=stdin or "",
                timeout=timeout + 10,
                env=self.env,
            )
        except subprocess.TimeoutExpired:
            raise InfrastructureError(f"kubectl {arguments[0]} gave no answer for {timeout:.0f} s.") from None
        if result.returncode != 0:
            raise InfrastructureError(
                f"`kubectl {' '.join(arguments)[:80]}` failed: {engines.last_words(result.stderr)}",
                MEND_CLUSTER,
            )
        return result.stdout

    @property
    def env(self) -> dict[str, str]:
        """Return the environment in which kubectl speaks to this cluster and to no other."""
        return self.engine.env | {"KUBECONFIG": str(self.kubeconfig_path)}

    def kill_container(self, node: str, container_id: str) -> None:
        """Kill the main process of a running container on `node`, as if it had crashed."""
        self.engine.run(
            *("exec", node, "ctr", "--namespace=k8s.io", "tasks", "kill", "--signal=SIGKILL", container_id)
        )

    def wipe(self, folder: str) -> None:
        """Remove `folder`, where labs may mount it from their nodes, from every node."""
        command = ["sh", "-c", WIPE, "sh", f"{policies.ROOT}/{folder}", f"{policies.ROOT}-gone"]
        names = [node.name for node in self.nodes()]
        with ThreadPoolExecutor(len(names) or 1) as pool:
            list(pool.map(lambda name: self.engine.run("exec", name, *command), names))

    def nodes(self) -> list[nodes.Node]:
        """Return the node containers that there are."""
        return nodes.find(self.engine, self.name)

    def _kind(
        self,
        *arguments: str,
        step: Step | None = None,
        kubeconfig: bool = True,
        serving: Callable[[], object] | None = None,
    ) -> None:
        command = [str(self.kind_path), *arguments, f"--name={self.name}"]
        if kubeconfig:
            command.append(f"--kubeconfig={self.kubeconfig_path}")
        said: list[str] = []
        with (
            self.log_path.open("a", encoding="utf-8") as log,
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env=self.env,
            ) as process,
        ):
            log.write(f"$ {' '.join(command)}\n")
            try:
                for line in process.stdout or ():
                    log.write(line)
                    said.append(line)
                    ticked = re.match(r"\s*✓\s*([\w '-]+)", line)
                    if step and ticked:
                        step.advance(1, ticked[1].strip())
                    if serving and ticked and ticked[1].strip() == _SERVES:
                        serving()
            except BaseException:
                process.kill()
                raise
        if process.returncode != 0:
            raise self._failure(arguments, said)

    def _failure(self, arguments: tuple[str, ...], said: list[str]) -> InfrastructureError:
        # kind's own summary comes before pages of kubeadm's log.
        summary = next((line for line in said if line.startswith("ERROR:")), "".join(said[-3:]))
        error = engines.trouble(f"kind {' '.join(arguments[:2])}", summary)
        return InfrastructureError(error.message, f"{error.advice} All that kind said is in {self.log_path}.")
