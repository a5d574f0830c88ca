"""A cluster that is there: whether it can be used, and how to bring it back."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Final

import tenacity

from kindlings.cluster import images, nodes, ports, shapes
from kindlings.errors import InfrastructureError

if TYPE_CHECKING:
    from kindlings.cluster.kind import Cluster
    from kindlings.cluster.state import Record
    from kindlings.progress import Progress

PATIENCE: Final = 90.0
"""Seconds until a started cluster counts as broken; one that is well needs 14 to 25 on two cores."""


def unfit(cluster: Cluster, record: Record | None, found: list[nodes.Node]) -> str:
    """Say why the cluster cannot be used however well it is, or nothing."""
    if record is None:
        return "was begun and never finished"
    if record.image != cluster.node_image.reference:
        return f"is of another node image ({record.image})"
    wanted = shapes.config(cluster.engine, record.kubernetes, record.node_ports, cluster.shape)
    same = record.fingerprint == shapes.fingerprint(wanted, images.course_images())
    if not same or len(found) != len(wanted["nodes"]):
        return "is not of this version's shape, or lacks its images"
    return ""


def revive(cluster: Cluster, found: list[nodes.Node], progress: Progress) -> str:
    """Bring the cluster to where every node is ready; return why that failed, or nothing."""
    stopped = [node for node in found if not node.runs]
    running = [node for node in found if node.runs]
    with ThreadPoolExecutor(2) as pool:
        looking = pool.submit(nodes.dead, cluster.engine, running)
        ready = not stopped and cluster.kubeconfig_path.is_file() and _is_ready(cluster)
        dead = looking.result()
    if dead:
        return f"has nodes without processes ({', '.join(dead)})"
    taken = [port for port in cluster.node_ports.values() if not ports.is_free(port)]
    if found[0] in stopped and taken:
        return f"is stopped, and port {taken[0]} was taken by another program meanwhile"
    if ready:
        return ""
    if not cluster.kubeconfig_path.is_file():
        progress.say("The kubeconfig is gone: writing it anew")
        cluster.export_kubeconfig()
        if not stopped and _is_ready(cluster):
            return ""
    with progress.step("Starting the cluster" if stopped else "Waiting for the cluster", 2) as step:
        try:
            since = nodes.start(cluster.engine, found) if stopped else 0.0
            step.advance(1, "waiting for nodes")
            cluster.export_kubeconfig()
            await_ready(cluster, since)
            step.advance()
        except InfrastructureError as error:
            return f"did not come back ({error.message})"
    return ""


def _is_ready(cluster: Cluster) -> bool:
    """Tell whether the API server and every node are ready now."""
    with ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(cluster.ask, *arguments, timeout=5)
            for arguments in (("get", "--raw=/readyz"), ("get", "nodes", "--output=json"))
        ]
        try:
            health, listed = (answer.result() for answer in asked)
        except InfrastructureError:
            return False
    conditions = [
        condition["status"]
        for node in json.loads(listed)["items"]
        for condition in node["status"].get("conditions", ())
        if condition["type"] == "Ready"
    ]
    return health.strip() == "ok" and bool(conditions) and set(conditions) == {"True"}


def await_ready(cluster: Cluster, since: float) -> None:
    """Wait until every node was heard of after `since` (the nodes' clock) and is ready.

    After a restart the API server still tells what it knew before it; a kubelet's lease is never that old.
    """
    heard_of: tenacity.Retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(InfrastructureError)
        | tenacity.retry_if_result(lambda heard: not heard),
        stop=tenacity.stop_after_delay(PATIENCE),
        wait=tenacity.wait_fixed(0.3),
        reraise=True,
    )
    try:
        heard_of(_heard_of_since, cluster, since)
    except tenacity.RetryError:
        raise InfrastructureError(f"not every node was heard of within {PATIENCE:.0f} s") from None
    cluster.ask("wait", "node", "--all", "--for=condition=Ready", f"--timeout={PATIENCE:.0f}s")


def _heard_of_since(cluster: Cluster, since: float) -> bool:
    leases = json.loads(
        cluster.ask("get", "leases", "--namespace=kube-node-lease", "--output=json", timeout=5)
    )
    renewals = [datetime.fromisoformat(lease["spec"]["renewTime"]).timestamp() for lease in leases["items"]]
    return bool(renewals) and min(renewals) >= since
