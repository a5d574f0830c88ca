"""The connection to the API server: whose it is, what it repeats, and what it says when nobody answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kindlings.cluster.api import KINDS, MERGE, Api, Refusal
from kindlings.errors import InfrastructureError
from tests.unit.apistore import status
from tests.unit.fakes import pod

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.apiserver import FakeApiServer

PODS = KINDS["Pod"].path("lab")


@pytest.mark.parametrize(
    ("kind", "arguments", "path"),
    [
        ("Pod", (), "/api/v1/pods"),
        ("Pod", ("lab",), "/api/v1/namespaces/lab/pods"),
        ("Pod", ("lab", "counter", "log"), "/api/v1/namespaces/lab/pods/counter/log"),
        ("Namespace", (None, "lab"), "/api/v1/namespaces/lab"),
        ("Deployment", ("lab", "web", "scale"), "/apis/apps/v1/namespaces/lab/deployments/web/scale"),
    ],
)
def test_a_kind_knows_its_path(kind: str, arguments: tuple[str, ...], path: str) -> None:
    """The core group is under /api, every other under /apis."""
    assert KINDS[kind].path(*arguments) == path


def test_objects_are_what_the_server_sent(api: Api) -> None:
    """Created, read, changed and deleted, as plain dictionaries."""
    made = api.create(PODS, pod(), fieldValidation="Strict")
    assert api.get(f"{PODS}/counter") == made
    changed = api.patch(f"{PODS}/counter", {"metadata": {"labels": {"a": "b"}}})
    assert changed["metadata"]["labels"] == {"a": "b"}
    api.delete(f"{PODS}/counter")
    assert api.get(PODS)["items"] == []


def test_requests_say_what_they_are(server: FakeApiServer, api: Api) -> None:
    """The kubeconfig's token, our name, the patch's type and the query are sent."""
    api.create(PODS, pod(), fieldValidation="Strict", fieldManager="kindlings")
    api.patch(f"{PODS}/counter", {})
    create, patch = server.requests
    assert create.headers["Authorization"] == "Bearer administrator"
    assert create.headers["User-Agent"] == "kindlings"
    assert create.query == {"fieldValidation": "Strict", "fieldManager": "kindlings"}
    assert create.user == ""
    assert patch.headers["Content-Type"] == MERGE


def test_another_identity_is_one_of_its_own(server: FakeApiServer, api: Api) -> None:
    """Impersonation is on each request of the new connection, and on none of the old."""
    learner = api.acting_as("kindlings:learner:lab")
    learner.get(PODS)
    api.get(PODS)
    assert [one.user for one in server.requests] == ["kindlings:learner:lab", ""]
    assert (learner.impersonation, api.impersonation) == ("kindlings:learner:lab", "")


def test_a_refusal_has_the_servers_words(server: FakeApiServer, api: Api) -> None:
    """Code, reason, message and causes are kept; nothing is repeated."""
    causes = [{"reason": "FieldValueRequired", "message": "Required value", "field": "spec.containers"}]
    server.answer("POST", "/pods$", 422, status(422, "Invalid", "Pod is invalid", causes=causes))
    with pytest.raises(Refusal) as caught:
        api.create(PODS, pod())
    refusal = caught.value
    assert (refusal.code, refusal.reason, refusal.message) == (422, "Invalid", "Pod is invalid")
    assert refusal.causes == causes
    assert len(server.requests) == 1


def test_an_answer_that_is_no_status_is_a_refusal_too(server: FakeApiServer, api: Api) -> None:
    """A proxy's page is quoted, and no JSON but a Status is believed."""
    server.answer("POST", "/pods$", 502, "<html>Bad Gateway</html>")
    server.answer("POST", "/pods$", 403, [])
    with pytest.raises(Refusal, match="Bad Gateway"):
        api.create(PODS, pod())
    with pytest.raises(Refusal, match="HTTP 403"):
        api.create(PODS, pod())


def test_what_is_not_there_is_deleted(api: Api) -> None:
    """Deleting twice is fine; any other refusal is not."""
    api.delete(f"{PODS}/nobody")


@pytest.mark.parametrize("code", [429, 500, 503, 0])
def test_a_read_is_repeated(server: FakeApiServer, api: Api, code: int) -> None:
    """A busy server or a broken connection is asked again."""
    server.answer("GET", "/pods$", code, status(code, "", "busy"), times=2)
    assert api.get(PODS)["items"] == []
    assert len(server.asked("GET", "/pods$")) == 3


FORBIDDEN = 'namespaces is forbidden: User "kubernetes-admin" cannot list resource "pods" in API group ""'


def test_a_server_that_has_just_started_is_asked_again(server: FakeApiServer, api: Api) -> None:
    """It forbids its administrator everything until it has loaded the roles; a write was not done then."""
    impersonating = 'User "kubernetes-admin" cannot impersonate-on:user-info:create resource "pods"'
    server.answer("GET", "/pods$", 403, status(403, "Forbidden", FORBIDDEN), times=2)
    server.answer("POST", "/pods$", 403, status(403, "Forbidden", impersonating))
    assert api.get(PODS)["items"] == []
    api.acting_as("learner").create(PODS, pod())
    assert len(api.get(PODS)["items"]) == 1


def test_an_object_that_lost_a_race_for_the_quota_is_sent_again(server: FakeApiServer, api: Api) -> None:
    """Others were counted at that moment, and nothing was made; any other conflict is an answer."""
    words = 'Operation cannot be fulfilled on resourcequotas "kindlings": the object has been modified'
    server.answer("POST", "/pods$", 409, status(409, "Conflict", words), times=2)
    api.acting_as("learner").create(PODS, pod())
    assert len(server.asked("POST", "/pods$")) == 3
    assert len(api.get(PODS)["items"]) == 1
    server.answer("POST", "/pods$", 409, status(409, "Conflict", "object is being deleted"))
    with pytest.raises(Refusal, match="being deleted"):
        api.create(PODS, pod("other"))


def test_what_the_learner_may_not_is_an_answer(server: FakeApiServer, api: Api) -> None:
    """A refusal of the impersonated user is told at once."""
    server.answer("POST", "/pods$", 403, status(403, "Forbidden", FORBIDDEN))
    with pytest.raises(Refusal, match="forbidden"):
        api.acting_as("learner").create(PODS, pod())


def test_an_administrator_without_rights_is_told(
    server: FakeApiServer, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a server forbids for longer than it takes to start, its words are the answer."""
    monkeypatch.setattr("kindlings.cluster.api.STARTING", 0.1)
    server.answer("GET", "/pods$", 403, status(403, "Forbidden", FORBIDDEN), times=1000)
    with pytest.raises(Refusal, match="forbidden"):
        api.get(PODS)


def test_a_write_that_may_have_been_done_is_not_repeated(server: FakeApiServer, api: Api) -> None:
    """A connection that broke after the request is our error: the object may be there or not."""
    server.answer("POST", "/pods$", 0)
    with pytest.raises(InfrastructureError, match="does not answer"):
        api.create(PODS, pod())
    assert len(server.asked("POST", "/pods$")) == 1


@pytest.mark.usefixtures("impatient")
def test_a_server_that_is_gone_is_our_error(server: FakeApiServer, api: Api) -> None:
    """Reads and writes alike end with what to do, after the patience for a restart."""
    server.down()
    for ask in (lambda: api.get(PODS), lambda: api.create(PODS, pod()), lambda: api.delete(PODS + "/a")):
        with pytest.raises(
            InfrastructureError, match=r"at http://127\.0\.0\.1:\d+ does not answer"
        ) as caught:
            ask()
        assert "kindlings up" in caught.value.advice


@pytest.mark.usefixtures("impatient")
def test_a_server_that_stays_busy_is_our_error(server: FakeApiServer, api: Api) -> None:
    """500 to every read is no refusal of the learner's."""
    server.answer("GET", "/pods$", 500, status(500, "InternalError", "no etcd"), times=-1)
    with pytest.raises(InfrastructureError, match="does not answer"):
        api.get(PODS)


@pytest.mark.parametrize("content", [None, "", "not: [yaml", "[]", '{"current-context": "gone"}', "\0"])
def test_a_kubeconfig_that_cannot_be_used_is_our_error(tmp_path: Path, content: str | None) -> None:
    """Missing, empty, broken or without its context: one sentence and what to do."""
    path = tmp_path / "kubeconfig"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InfrastructureError, match="kubeconfig cannot be used"):
        Api(path)


def test_a_context_that_is_not_there_is_our_error(kubeconfig: Path) -> None:
    """--kube-context with a typo."""
    with pytest.raises(InfrastructureError, match="kubeconfig cannot be used"):
        Api(kubeconfig, context="kind-other")


def test_lines_come_whole(server: FakeApiServer, api: Api) -> None:
    """A stream gives the answer's lines, the last one without its newline, too."""
    server.answer("GET", "/log$", 200, "one\ntwo\nthree")
    assert list(api.stream(f"{PODS}/counter/log")) == [b"one", b"two", b"three"]
