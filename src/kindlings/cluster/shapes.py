"""What our clusters look like: the kind config that makes them, with what kubeadm and containerd are told."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from kindlings.cluster import ports

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kindlings.cluster.engine import Engine

_REGISTRY_CONFIG: Final = "/etc/containerd/certs.d"

NOT_READY_AFTER: Final = 8
"""Seconds without a word of its kubelet after which a node of a BREAK cluster is NotReady; elsewhere 50."""


@dataclass(frozen=True)
class Shape:
    """What sets one of our clusters apart from the other."""

    workers: int
    node_ports: tuple[int, ...] = ()
    """The node ports to which ports of this machine lead."""
    kubeadm: tuple[Mapping[str, Any], ...] = ()
    """Merged into the documents of their kind (and apiVersion) that kind gives to kubeadm.

    Of several extraArgs kind makes one list, by their names (sigs.k8s.io/kind, patch/kubeadm_merge.go).
    """


_DISPOSABLE: Final[Mapping[str, Any]] = {
    # kind writes this version from Kubernetes 1.36 on (sigs.k8s.io/kind, kubeadm/config.go).
    "apiVersion": "kubeadm.k8s.io/v1beta4",
    "kind": "ClusterConfiguration",
    # Nothing of a learner's is kept in a cluster alone. Where the machine loses its power and etcd what was
    # not yet on the disk, the cluster does not come back, and `up` makes another.
    "etcd": {"local": {"extraArgs": [{"name": "unsafe-no-fsync", "value": "true"}]}},
    # There is one of each: an election makes it late after its return, and ends it where the machine is busy.
    "scheduler": {"extraArgs": [{"name": "leader-elect", "value": "false"}]},
    "controllerManager": {"extraArgs": [{"name": "leader-elect", "value": "false"}]},
}

COURSE: Final = Shape(workers=2, node_ports=ports.NODE_PORTS)
BREAK: Final = Shape(
    workers=0,
    kubeadm=(
        {
            "apiVersion": _DISPOSABLE["apiVersion"],
            "kind": _DISPOSABLE["kind"],
            "controllerManager": {
                "extraArgs": [
                    {"name": "node-monitor-grace-period", "value": f"{NOT_READY_AFTER}s"},
                    {"name": "node-monitor-period", "value": "1s"},
                ]
            },
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
    kubeadm = [_DISPOSABLE, *shape.kubeadm]
    if _on_cgroup_v1():
        kubeadm.append(_kubelet_on_cgroup_v1(kubernetes))
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
        if _on_cgroup_v1():
            # By way of systemd each container costs its node more: with two cores and four labs at once
            # a fifth of their time. On v2 systemd has to be the only one that writes.
            lines += [
                f'[plugins."{runtime}".containerd.runtimes.runc.options]',
                "  SystemdCgroup = false",
            ]
        patches.append("\n".join(lines) + "\n")
    return patches


def _kubelet_on_cgroup_v1(kubernetes: str) -> dict[str, Any]:
    """Return what the kubelet has to be told on such a machine."""
    major, minor = (int(part) for part in kubernetes.split(".")[:2])
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        # As containerd: see _containerd_patches.
        "cgroupDriver": "cgroupfs",
        # It refuses to run there from 1.35 on; before, the field is unknown.
        **({"failCgroupV1": False} if (major, minor) >= (1, 35) else {}),
    }


def _on_cgroup_v1() -> bool:
    """Tell whether this machine, if its engine is here and in no virtual machine, has cgroup v1."""
    cgroups = Path("/sys/fs/cgroup")
    return cgroups.is_dir() and not (cgroups / "cgroup.controllers").exists()


def fingerprint(description: Mapping[str, Any], images: Sequence[str]) -> str:
    """Return a short name for a kind config, without its host ports, and the `images` that the nodes have."""
    text = re.sub(r"hostPort: \d+", "", yaml.safe_dump([dict(description), *images]))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
