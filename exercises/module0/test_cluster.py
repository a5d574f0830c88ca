"""A cluster is a few programs, and each has one job."""

import pytest

from kindlings import (
    Lab,
    api_readiness,
    deleted_pod,
    home_of_the_parts,
    new_pod,
    new_service,
    number_of_nodes,
    number_of_static_pods,
    runs_on_every_node,
    silent_node,
)

breaks = pytest.mark.needs("break-cluster")


@pytest.mark.points(1)
@pytest.mark.hint("One line of `kindlings kubectl get nodes` is one node.")
def test_how_many_nodes_are_ready(lab: Lab) -> None:
    """All nodes are Ready, and cluster.yaml says how many there are."""
    lab.prediction("cluster.yaml").confirm("nodes", number_of_nodes())


@pytest.mark.points(1)
@pytest.mark.hint("`kindlings kubectl get pods -A` shows the Pods of all namespaces.")
def test_where_the_parts_run(lab: Lab) -> None:
    """The parts of the cluster run as Pods of the namespace that cluster.yaml names."""
    lab.prediction("cluster.yaml").confirm("namespace", home_of_the_parts())


@pytest.mark.points(1)
@pytest.mark.hint("What runs on every node is a DaemonSet; its DESIRED is the number of nodes.")
def test_what_runs_on_every_node(lab: Lab) -> None:
    """The part that cluster.yaml names has a Pod on every node."""
    lab.prediction("cluster.yaml").confirm("on-every-node", runs_on_every_node())


@pytest.mark.points(1)
@pytest.mark.hint("Count the Pods whose names end with the name of a node.")
def test_what_a_kubelet_starts_from_files(lab: Lab) -> None:
    """As many Pods are started from files as cluster.yaml says."""
    lab.prediction("cluster.yaml").confirm("static-pods", number_of_static_pods())


@breaks
@pytest.mark.points(2)
@pytest.mark.hint("Who decides on which node a Pod runs, by the nodes' free resources?")
def test_who_chooses_a_node(lab: Lab) -> None:
    """Without the component that chooses a node, a new Pod does what predictions.yaml says."""
    lab.prediction().confirm("choosing-a-node", new_pod())


@breaks
@pytest.mark.points(2)
@pytest.mark.hint("Controllers are loops that compare what is with what is asked for. Where do they run?")
def test_who_keeps_the_number(lab: Lab) -> None:
    """Without the component that keeps the number of Pods, a deleted Pod does what predictions.yaml says."""
    lab.prediction().confirm("keeping-the-number", deleted_pod())


@breaks
@pytest.mark.points(2)
@pytest.mark.hint("It runs on every node, and lab 0a has met it.")
def test_who_leads_to_pods(lab: Lab) -> None:
    """Without the component that leads to Pods, a new Service does what predictions.yaml says."""
    lab.prediction().confirm("leading-to-pods", new_service())


@breaks
@pytest.mark.points(2)
@pytest.mark.hint("It is the only part that is no Pod, for it is what starts the Pods of its node.")
def test_who_reports_the_node(lab: Lab) -> None:
    """Without the component that reports its node, the node does what predictions.yaml says."""
    lab.prediction().confirm("reporting-the-node", silent_node())


@breaks
@pytest.mark.points(2)
@pytest.mark.hint("It is a database, and the API server is the only one that speaks to it.")
def test_who_keeps_the_state(lab: Lab) -> None:
    """Without the component that keeps the state, the API server does what predictions.yaml says."""
    lab.prediction().confirm("keeping-the-state", api_readiness())
