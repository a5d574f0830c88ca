"""Who may do what: each lab's namespace, the learner's rights in it, and the recorder's."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kindlings.cluster import access
from kindlings.cluster.api import KINDS
from kindlings.errors import InfrastructureError
from tests.unit.apiserver import REVIEWS
from tests.unit.apistore import status

if TYPE_CHECKING:
    from kindlings.cluster.api import Api
    from tests.unit.apiserver import FakeApiServer


def made(server: FakeApiServer, path: str) -> dict[str, Any]:
    """Return the only object that was created at a path that ends so."""
    (found,) = server.asked("POST", f"{path}$")
    body: dict[str, Any] = found.body
    return body


def test_a_namespace_is_baseline_and_labelled(server: FakeApiServer, api: Api) -> None:
    """Pod Security is enforced, and the run can find its namespaces again."""
    access.create_namespace(api, "module1-counter", {"run": "r", "test": "t"})
    labels = made(server, "/namespaces")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "baseline"
    assert labels["kindlings.dev/short-termination"] == "true"
    found = access.namespaces(api, run="r", test="t")
    assert [one["metadata"]["name"] for one in found] == ["module1-counter"]
    assert access.namespaces(api, run="another") == []


def test_a_draining_lab_keeps_its_grace_period(server: FakeApiServer, api: Api) -> None:
    """The label that shortens termination is off."""
    access.create_namespace(api, "module6", {}, drains=True)
    labels = made(server, "/namespaces")["metadata"]["labels"]
    assert labels["kindlings.dev/short-termination"] == "false"


def test_a_long_name_is_cut_to_what_a_namespace_may_have() -> None:
    """At most 63 characters, no dash before the random end's own; no two are alike."""
    name = access.unique("m" * 51 + "-" * 30)
    assert name != access.unique("m" * 51 + "-" * 30)
    assert len(name) <= 63
    assert "--" not in name


def test_the_learner_may_impersonate_nobody(server: FakeApiServer, api: Api) -> None:
    """The Role names its verbs and resources: no wildcard, no RBAC, no ServiceAccounts, no exec."""
    name = "lab"
    access.create_namespace(api, name, {})
    rules = made(server, "/roles")["rules"]
    resources = {resource for rule in rules for resource in rule["resources"]}
    verbs = {verb for rule in rules for verb in rule["verbs"]}
    assert "pods" in resources
    assert not resources & {"*", "serviceaccounts", "roles", "rolebindings", "nodes", "pods/exec"}
    assert not verbs & {"*", "impersonate", "escalate", "bind"}
    binding = made(server, "/rolebindings")
    assert binding["subjects"][0]["name"] == access.learner(name) == f"kindlings:learner:{name}"


def test_the_default_account_gives_pods_no_token(server: FakeApiServer, api: Api) -> None:
    """Also where its controller has made the account first."""
    access.create_namespace(api, "lab", {})
    assert made(server, "/serviceaccounts")["automountServiceAccountToken"] is False


def test_the_quota_counts_from_the_first_moment(server: FakeApiServer, api: Api) -> None:
    """Its status says that nothing is used, so that no Pod waits for its controller."""
    name = "lab"
    access.create_namespace(api, name, {})
    quota = server.store.objects[KINDS["ResourceQuota"].path(name)]["kindlings"]
    assert set(quota["status"]["used"].values()) == {"0"}
    assert quota["spec"]["hard"] == quota["status"]["hard"]


def test_the_recorder_only_reads(server: FakeApiServer, api: Api) -> None:
    """An identity of its own, made once, with get, list and watch."""
    recorder = access.ensure_recorder(api)
    again = access.ensure_recorder(api)
    assert recorder.impersonation == again.impersonation == "kindlings:recorder"
    roles = server.asked("POST", "/clusterroles$")
    assert {verb for rule in roles[0].body["rules"] for verb in rule["verbs"]} == {"get", "list", "watch"}
    assert server.asked("POST", REVIEWS)[0].user == "kindlings:recorder"


def test_a_namespace_that_is_kept_can_be_found(api: Api) -> None:
    """The next run of the test takes it away."""
    name = "lab"
    access.create_namespace(api, name, {"test": "t"})
    assert access.namespaces(api, kept="true") == []
    access.keep(api, name)
    assert [one["metadata"]["name"] for one in access.namespaces(api, test="t", kept="true")] == [name]
    access.delete_namespace(api, name)
    access.delete_namespace(api, name)
    assert access.namespaces(api) == []


def test_a_namespace_whose_process_has_ended_is_an_orphan(api: Api) -> None:
    """It ended here: a number of another machine, or of another container on this one, says nothing."""
    access.create_namespace(api, "lab", {})
    (mine,) = access.namespaces(api)
    assert not access.is_orphan(mine)
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    place = mine["metadata"]["annotations"][access.OWNER].rpartition("/")[0]
    for elsewhere, orphan in (("", True), ("1", False)):
        mine["metadata"]["annotations"][access.OWNER] = f"{place}{elsewhere}/{ended.pid}"
        assert access.is_orphan(mine) is orphan


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is its name alone")
def test_a_machine_is_known_by_more_than_its_name() -> None:
    """Two that share a cluster may be called alike; nobody reads the machine's own number."""
    place = access.owner().rpartition("/")[0]
    assert place.startswith(f"{socket.gethostname()}:")
    assert str(Path("/proc/self/ns/pid").readlink()) == f"pid:[{place.rpartition(':')[2]}]"
    machine = Path("/etc/machine-id")
    if machine.exists():
        assert len(place.split(":")) == 3
        assert machine.read_text(encoding="ascii").strip() not in place


def test_a_namespace_that_goes_is_not_there(server: FakeApiServer, api: Api) -> None:
    """Neither is one that nobody made."""
    access.create_namespace(api, "lab", {})
    assert access.is_there(api, "lab")
    server.answer("GET", "/namespaces/lab$", 200, {"metadata": {"name": "lab", "deletionTimestamp": "now"}})
    assert not access.is_there(api, "lab")
    assert not access.is_there(api, "other")


def test_what_the_cluster_refuses_us_is_our_error(server: FakeApiServer, api: Api) -> None:
    """A cluster whose administrator may not make Roles cannot hold labs."""
    server.answer("POST", "/roles$", 403, status(403, "Forbidden", "roles is forbidden"))
    with pytest.raises(InfrastructureError, match=r"refused what a lab needs \(Role\): roles is forbidden"):
        access.create_namespace(api, "lab", {})


def test_an_administrator_who_may_make_no_namespace_is_our_error(server: FakeApiServer, api: Api) -> None:
    """--kube-context with somebody's narrow rights."""
    server.answer("POST", "/namespaces$", 403, status(403, "Forbidden", "namespaces is forbidden"))
    with pytest.raises(InfrastructureError, match="namespaces is forbidden"):
        access.create_namespace(api, "lab", {})
