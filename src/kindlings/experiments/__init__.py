"""Experiments on a cluster of their own: one component is taken away, one thing done, what follows is seen.

Each experiment does its thing once while the cluster is whole. How long that took is the measure of how long
to wait for what does not happen: on a slow machine all takes longer, and nothing is judged too early.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kindlings.cluster import breaking
from kindlings.experiments.bench import Bench, Seen, opened
from kindlings.experiments.health import Health, NodeReport
from kindlings.experiments.services import NewService
from kindlings.experiments.workloads import DeletedPod, NewPod

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kindlings.cluster.kind import Cluster

COMPONENTS = tuple(breaking.COMPONENTS)
"""What can be taken away."""


class Experiment(Protocol):
    """One job of the cluster, and how it is seen whether it is done."""

    @property
    def job(self) -> str:
        """Say what is done where nothing is missing, to be read after "the component that"."""

    @property
    def act(self) -> str:
        """Say whose outcome is looked at: "a new Pod"."""

    @property
    def outcomes(self) -> Mapping[str, str]:
        """Return what may come of it, and each in words that follow `act`."""

    @property
    def sought(self) -> str:
        """Return what comes of it without the component that has the job."""

    @property
    def read(self) -> str:
        """Return the address of the page about it."""

    def before(self, bench: Bench) -> None:
        """Do it while nothing is missing, and note in `bench` how long it took."""

    def during(self, bench: Bench) -> Seen:
        """Do it while a component is missing, and look what happens."""

    def after(self, bench: Bench) -> None:
        """See that the job is done again; raises InfrastructureError where it is not."""


def perform(experiment: Experiment, component: str, cluster: Cluster) -> Seen:
    """Take `component` away from `cluster`, do the experiment, give it back, and see that all is well again.

    Raises InfrastructureError where the cluster does not do its part before or afterwards.
    """
    with opened(cluster) as bench:
        experiment.before(bench)
        with breaking.without(cluster, component):
            mute = "" if isinstance(experiment, Health) else _mute(bench, component)
            seen = Seen("", mute) if mute else experiment.during(bench)
        if not mute:
            experiment.after(bench)
    return seen


def new_pod() -> Experiment:
    """Return the experiment with a new Pod, which shows who chooses its node."""
    return NewPod()


def deleted_pod() -> Experiment:
    """Return the experiment with a Pod of a ReplicaSet that is deleted, which shows who replaces it."""
    return DeletedPod()


def new_service() -> Experiment:
    """Return the experiment with a new Service, which shows who leads its address to Pods."""
    return NewService()


def silent_node() -> Experiment:
    """Return the experiment with the node's condition Ready, which shows who reports it."""
    return NodeReport()


def api_readiness() -> Experiment:
    """Return the experiment with the API server's /readyz, which shows what it cannot do without."""
    return Health()


def _mute(bench: Bench, component: str) -> str:
    """Say that the API server cannot be asked for anything, where it or its store is away."""
    if component not in {"etcd", "kube-apiserver"}:
        return ""
    seen = Health().during(bench)
    return "" if seen.outcome == Health.well else f"{seen.words}; so nothing could be asked of the cluster"
