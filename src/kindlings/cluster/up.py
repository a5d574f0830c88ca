"""From whatever is there to a cluster that can be used: the one way in for commands and for pytest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from kindlings.cluster import (
    addons,
    breaking,
    down,
    images,
    machine,
    node_image,
    nodes,
    ports,
    revival,
    shapes,
    state,
    tools,
)
from kindlings.cluster import engine as engines
from kindlings.cluster.kind import Cluster
from kindlings.cluster.node_image import NodeImage
from kindlings.errors import InfrastructureError

if TYPE_CHECKING:
    from concurrent.futures import Future

    from kindlings.progress import Progress


@dataclass(frozen=True)
class Settings:
    """What `up` may be told."""

    name: str = field(default_factory=state.chosen_name)
    assume_yes: bool = False
    """Install what is missing without asking."""
    from_source: bool = False
    """Build the node image here, also where one could be pulled."""
    allow_pull: bool | None = None
    """Whether nodes may pull images; None keeps it as it is, which is not at first."""
    fresh: bool = False
    """Replace a cluster that is there."""


def up(progress: Progress, settings: Settings | None = None) -> Cluster:
    """Return a running cluster with the course's images and add-ons, doing only what is missing.

    Safe to run twice at once. Raises InfrastructureError for everything that stands in the way.
    """
    settings = settings or Settings()
    with state.locked(settings.name, progress):
        record = state.load(settings.name)
        engine = engines.find(
            progress, assume_yes=settings.assume_yes, preferred=record.engine if record else None
        )
        kind_path, kubectl_path = tools.kind(progress), tools.kubectl(progress)
        if record and record.engine != engine.name:
            _leave_engine(record, progress)
            record = None
        built = record is not None and record.origin == "built"
        image = node_image.ensure(engine, progress, from_source=settings.from_source or built)
        cluster = Cluster(
            settings.name,
            engine=engine,
            node_image=image,
            node_ports=record.node_ports if record else {},
            kind_path=kind_path,
            kubectl_path=kubectl_path,
        )
        if record is not None:
            breaking.mend_or_give_up(cluster, progress)
            record = state.load(settings.name)
        if not _reused(cluster, record, progress, settings):
            sent = _create(cluster, progress)
            _finish(cluster, progress, settings, sent=sent)
    _mend_other(cluster, progress)
    return cluster


def _mend_other(cluster: Cluster, progress: Progress) -> None:
    """Undo what a run that was killed left broken in the cluster beside this one."""
    name = state.break_name(cluster.name)
    if state.load(name) is not None and breaking.taken(name):
        breaking.mend_or_give_up(attach(name), progress)


def attach(name: str | None = None) -> Cluster:
    """Return the cluster that `up` made, without looking whether it is well; raises InfrastructureError."""
    record = state.require(name or state.chosen_name())
    return Cluster(
        record.name,
        engine=state.engine(record),
        node_image=NodeImage(record.image, record.kubernetes, record.origin),
        node_ports=record.node_ports,
        kind_path=Path(record.kind),
        kubectl_path=Path(record.kubectl),
    )


def _reused(cluster: Cluster, record: state.Record | None, progress: Progress, settings: Settings) -> bool:
    """Make a cluster that is there ready; where that cannot be, remove it, say why, and return False."""
    found = cluster.nodes()
    if not found:
        state.forget(cluster.name)
        return False
    _leave_to_others(cluster, found)
    why = "is to be made afresh" if settings.fresh else revival.unfit(cluster, record, found)
    why = why or revival.revive(cluster, found, progress)
    if not why:
        try:
            _finish(cluster, progress, settings, sent=False)
        except InfrastructureError as error:
            why = f"does not become ready again ({error.message.rstrip('.')})"
        else:
            return True
    progress.say(f"The cluster {cluster.name} {why}: replacing it")
    state.forget(cluster.name)
    cluster.delete()
    return False


def _leave_to_others(cluster: Cluster, found: list[nodes.Node]) -> None:
    """Raise InfrastructureError where the cluster runs and was never begun from here: it may be in use."""
    running = [node for node in found if node.runs]
    if state.config(cluster.name).exists() or len(nodes.dead(cluster.engine, running)) == len(running):
        return
    name, engine = cluster.name, cluster.engine.name
    raise InfrastructureError(
        f"A cluster {name} runs in {engine} that another account, or another KINDLINGS_STATE_DIR, made; "
        "somebody may be at work on it.",
        f"For one of your own: `kindlings --name NAME up`. To remove it: `kindlings --name {name} down`.",
    )


def _create(cluster: Cluster, progress: Progress) -> bool:
    """Create the cluster; return whether the add-ons were sent to it meanwhile.

    The record that makes it one to be trusted is written by _finish.
    """
    machine.check(cluster.engine, progress)
    machine.prepare(progress)
    cluster.node_ports = ports.choose(cluster.shape.node_ports)
    for node_port, port in cluster.node_ports.items():
        if port != node_port:
            progress.say(f"Port {node_port} is taken on this machine: using {port} in its place")
    config = state.config(cluster.name)
    config.write_text(yaml.safe_dump(cluster.config), encoding="utf-8")
    archive = images.archive(cluster.engine, progress, cluster.node_image)
    if archive is None:
        return _create_with_addons(cluster, config, progress)
    cluster.create(config, progress)
    with progress.step("Loading the course's images", 1) as step:
        cluster.load_archive(archive)
        step.advance()
    return False


def _create_with_addons(cluster: Cluster, config: Path, progress: Progress) -> bool:
    """Create the cluster and send it the add-ons while its workers join; return whether that went well."""

    def send() -> bool:
        try:
            cluster.export_kubeconfig()  # kind writes it only at its end
            addons.send(cluster)
        except InfrastructureError:
            return False  # done again, and told, when the cluster is complete
        return True

    with ThreadPoolExecutor(1) as pool:
        sending: list[Future[bool]] = []
        cluster.create(config, progress, lambda: sending.append(pool.submit(send)))
        return all(one.result() for one in sending) and bool(sending)


def _finish(cluster: Cluster, progress: Progress, settings: Settings, *, sent: bool) -> None:
    """Make sure of the add-ons, unless they were `sent` already, and write the record."""
    fresh = state.load(cluster.name) is None
    if fresh or settings.allow_pull is not None:
        addons.allow_pull(cluster, allowed=bool(settings.allow_pull))
    if fresh or not addons.applied(cluster):
        with progress.step("Preparing the cluster", 2) as step:
            if not sent:
                addons.send(cluster)
            step.advance(1, "waiting for nodes")
            addons.complete(cluster)
            step.advance()
    engine, image = cluster.engine, cluster.node_image
    state.save(
        state.Record(
            name=cluster.name,
            engine=engine.name,
            engine_binary=engine.binary,
            engine_environment=engine.environment,
            engine_version=engine.version,
            limited=engine.limited,
            kind=str(cluster.kind_path),
            kubectl=str(cluster.kubectl_path),
            kubernetes=image.kubernetes,
            image=image.reference,
            origin=image.origin,
            node_ports=cluster.node_ports,
            fingerprint=shapes.fingerprint(cluster.config, images.course_images()),
        )
    )
    progress.say(f"Cluster {cluster.name} is ready: Kubernetes {image.kubernetes}, {_shown(cluster)}")


def _shown(cluster: Cluster) -> str:
    if state.is_break(cluster.name):
        return f"a silent node is NotReady after {shapes.NOT_READY_AFTER} s (elsewhere after 50 s)"
    return ", ".join(
        f"node port {node} at {ports.ADDRESS}:{port}" for node, port in cluster.node_ports.items()
    )


def _leave_engine(record: state.Record, progress: Progress) -> None:
    """Remove the cluster from the engine that it was in, another one being chosen now."""
    progress.say(f"The cluster {record.name} was in {record.engine}: removing it there")
    state.forget(record.name)
    down.remove(state.engine(record), record.name)
