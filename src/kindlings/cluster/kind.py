"""The kind cluster: pytest-kind's KindCluster with our own tools, engine, kubeconfig and config."""

from __future__ import annotations

import contextlib
import hashlib
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pykube
import pytest_kind.cluster
import yaml

from kindlings.cluster import engine as engines
from kindlings.cluster import nodes, policies, ports, state
from kindlings.errors import MEND_CLUSTER, InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kindlings.cluster.engine import Engine
    from kindlings.cluster.node_image import NodeImage
    from kindlings.progress import Progress, Step

_CREATION_STEPS: Final = 7
"""What kind ticks off: image, nodes, configuration, control plane, CNI, StorageClass, workers."""

_SERVES: Final = "Installing StorageClass"
"""The last of its steps before the workers join."""

_REGISTRY_CONFIG: Final = "/etc/containerd/certs.d"

WIPE: Final = """\
if [ -e "$1" ]; then mkdir -p "$2" && mv "$1" "$2/$$" || exit; fi
rm -rf "$2" || true
"""
"""Takes the folder $1 away at once, by way of $2: rm may fail while a Pod still writes there."""

NOT_READY_AFTER: Final = 8
"""Seconds without a word of its kubelet after which a node of a BREAK cluster is NotReady; elsewhere 50."""


@dataclass(frozen=True)
class Shape:
    """What sets one of our clusters apart from the other."""

    workers: int
    node_ports: tuple[int, ...] = ()
    """The node ports to which ports of this machine lead."""
    kubeadm: tuple[Mapping[str, Any], ...] = ()
    """Merged into the documents of their kind (and apiVersion) that kind gives to kubeadm."""


COURSE: Final = Shape(workers=2, node_ports=ports.NODE_PORTS)
BREAK: Final = Shape(
    workers=0,
    kubeadm=(
        {
            # kind writes this version from Kubernetes 1.36 on (sigs.k8s.io/kind, kubeadm/config.go).
            "apiVersion": "kubeadm.k8s.io/v1beta4",
            "kind": "ClusterConfiguration",
            "controllerManager": {
                "extraArgs": [
                    {"name": "node-monitor-grace-period", "value": f"{NOT_READY_AFTER}s"},
                    {"name": "node-monitor-period", "value": "1s"},
                    # There is one of each: an election would only make it late after its return.
                    {"name": "leader-elect", "value": "false"},
                ]
            },
            "scheduler": {"extraArgs": [{"name": "leader-elect", "value": "false"}]},
        },
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            # The kubelet renews its lease four times in it (k8s.io/component-helpers, apimachinery/lease).
            "nodeLeaseDurationSeconds": 4,
        },
    ),
)
"""One node, in which parts of the cluster may be taken away, and which notices that soon."""


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
    def shape(self) -> Shape:
        """Return what the cluster is to look like, which its name tells."""
        return BREAK if state.is_break(self.name) else COURSE

    @property
    def config(self) -> dict[str, Any]:
        """Return the cluster's kind config for this machine."""
        return config(self.engine, self.kubernetes, self.node_ports, self.shape)

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


def config(
    engine: Engine, kubernetes: str, node_ports: Mapping[int, int], shape: Shape = COURSE
) -> dict[str, Any]:
    """Return the kind config (v1alpha4) of a cluster of that shape for this machine."""
    control_plane: dict[str, Any] = {"role": "control-plane"}
    if node_ports:
        control_plane["extraPortMappings"] = [
            {"containerPort": node, "hostPort": host, "listenAddress": ports.ADDRESS}
            for node, host in node_ports.items()
        ]
    result: dict[str, Any] = {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "nodes": [control_plane, *({"role": "worker"} for _ in range(shape.workers))],
        "containerdConfigPatches": _containerd_patches(limited=engine.limited),
    }
    kubeadm = [*shape.kubeadm]
    if _kubelet_refuses_cgroups(kubernetes):
        kubelet = {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "failCgroupV1": False,
        }
        kubeadm.append(kubelet)
    if kubeadm:
        result["kubeadmConfigPatches"] = [yaml.safe_dump(document) for document in kubeadm]
    return result


def _containerd_patches(*, limited: bool) -> list[str]:
    """Return the patches for both formats of containerd's config; kind skips the one that does not fit.

    containerd 1.x has one CRI plugin, 2.x one for images and one for the runtime.
    """
    patches = []
    for version, images, runtime in (
        (2, "io.containerd.grpc.v1.cri", "io.containerd.grpc.v1.cri"),
        (3, "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"),
    ):
        lines = [
            f"version = {version}",
            f'[plugins."{images}".registry]',
            f'  config_path = "{_REGISTRY_CONFIG}"',
        ]
        if limited:
            # A negative oom_score_adj takes CAP_SYS_RESOURCE, without which no Pod would start.
            lines += [f'[plugins."{runtime}"]', "  restrict_oom_score_adj = true"]
        patches.append("\n".join(lines) + "\n")
    return patches


def _kubelet_refuses_cgroups(kubernetes: str) -> bool:
    """Tell whether the kubelet has to be told to run on cgroup v1: from 1.35 on, on such a machine."""
    major, minor = (int(part) for part in kubernetes.split(".")[:2])
    cgroups = Path("/sys/fs/cgroup")
    cgroup_v1 = cgroups.is_dir() and not (cgroups / "cgroup.controllers").exists()
    return (major, minor) >= (1, 35) and cgroup_v1


def fingerprint(description: Mapping[str, Any], images: Sequence[str]) -> str:
    """Return a short name for a kind config, without its host ports, and the `images` that the nodes have."""
    text = re.sub(r"hostPort: \d+", "", yaml.safe_dump([dict(description), *images]))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
