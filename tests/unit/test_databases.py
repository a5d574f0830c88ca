"""A Redis server in a Pod: what counts as acknowledged, as kept, as followed, and which line is at fault."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from kindlings import manifests
from kindlings.databases import Redis
from kindlings.errors import LabFailure
from kindlings.explain.sources import Sources

if TYPE_CHECKING:
    from pathlib import Path

REDIS = """\
apiVersion: v1
kind: Service
metadata:
  name: redis
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: redis
spec:
  serviceName: {service}
  template:
    spec:
      containers:
        - name: redis
          # redis-server --replicaof redis
          args:
            - |
              set -- redis-server {flags}
              set -- "$@" --replicaof {host} 6379
"""


class Server:
    """A Pod with a Redis server that gives prepared answers."""

    def __init__(self, name: str, lab: Any, **answers: str) -> None:
        self.name, self.lab, self.answers = name, lab, answers
        self.sent: list[str] = []

    def __str__(self) -> str:
        return f"Pod {self.name}"

    def exec(self, _container: str, *command: str) -> SimpleNamespace:
        """Answer a command by its first word, and what is sent through a pipe with OK and 1."""
        if command[0] == "redis-cli":
            return SimpleNamespace(text=self.answers[command[1]])
        self.sent.append(command[-1])
        count = command[-1].count("WAIT")
        return SimpleNamespace(text=f"OK\n{self.answers.get('WAIT', '1')}\n" * count)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder for redis.yaml."""
    return tmp_path


def a_lab(
    folder: Path, *, host: str = "redis-0.redis", flags: str = "--appendonly yes", service: str = "redis"
) -> Any:
    """Return what a handle needs of a lab whose learner wrote these words."""
    (folder / "redis.yaml").write_text(REDIS.format(host=host, flags=flags, service=service))
    documents = manifests.read(folder / "redis.yaml").documents

    def document(kind: str, name: str) -> object:
        return next((one for one in documents if (one.kind, one.name) == (kind, name)), None)

    return SimpleNamespace(
        folder=folder, namespace="lab", sources=Sources(documents, "lab"), document=document
    )


def a_replica(lab: Any, host: str, state: str = "connected", **answers: str) -> Redis:
    """Return the server of redis-1, which follows `host`."""
    return Redis(Server("redis-1", lab, ROLE=f"slave\n{host}\n6379\n{state}\n86\n", **answers))  # type: ignore[arg-type]


def a_primary(lab: Any, **answers: str) -> Redis:
    """Return the server of redis-0."""
    return Redis(Server("redis-0", lab, **answers))  # type: ignore[arg-type]


def test_each_record_is_acknowledged_before_the_next(folder: Path) -> None:
    """The records differ each time, and behind each write there is a WAIT on the same connection."""
    lab = a_lab(folder)
    primary, replica = a_primary(lab), a_replica(lab, "redis-0.redis")
    records = primary.write(3, acknowledged_by=replica)
    assert len(records) == 3
    assert records != primary.write(3, acknowledged_by=replica)
    sent = "".join(primary.pod.sent)  # type: ignore[attr-defined]
    for key, value in records.items():
        assert f"SET {key} {value}\nWAIT 1 " in sent


@pytest.mark.parametrize(
    "host", ["redis-0.redis", "redis-0.redis.lab", "redis-0.redis.lab.svc.cluster.local"]
)
def test_a_primary_is_followed_by_its_name(folder: Path, host: str) -> None:
    """The name may be as long as the learner likes."""
    lab = a_lab(folder, host=host)
    a_replica(lab, host).follows(a_primary(lab))


@pytest.mark.parametrize(
    ("host", "because"),
    [
        ("redis", "which is not the name of one Pod"),
        ("redis-0", "with its Service's behind it, and not alone"),
        ("redis-0.redis.default.svc.cluster.local", "another Service, or of a Service in another namespace"),
        ("redis-0.database", "another Service, or of a Service in another namespace"),
    ],
)
def test_another_name_is_told_with_its_line(folder: Path, host: str, because: str) -> None:
    """The line is that of the flag, not of a comment that speaks of it."""
    lab = a_lab(folder, host=host)
    with pytest.raises(LabFailure) as failure:
        a_primary(lab).write(1, acknowledged_by=a_replica(lab, host))
    findings = failure.value.findings
    assert findings.expected == "Pod redis-1 to follow Pod redis-0 by its name, redis-0.redis"
    assert findings.because.startswith(f"--replicaof says {host} (redis.yaml:20)")
    assert findings.because.endswith(because)


def test_without_a_service_a_pod_has_no_name(folder: Path) -> None:
    """That is why it is not followed, whatever name is written."""
    lab = a_lab(folder)
    lab.sources = Sources([one for one in lab.sources.documents if one.kind != "Service"], "lab")
    with pytest.raises(LabFailure) as failure:
        a_replica(lab, "redis-0.redis").follows(a_primary(lab))
    because = "no file has a Service, under whose name redis-0.redis would be (redis.yaml:20)"
    assert failure.value.findings.because == because


def test_a_server_that_follows_nobody(folder: Path) -> None:
    """It is a primary itself."""
    lab = a_lab(folder)
    other = Redis(Server("redis-1", lab, ROLE="master\n86\n"))  # type: ignore[arg-type]
    with pytest.raises(LabFailure) as failure:
        other.follows(a_primary(lab))
    assert failure.value.findings.because == "its command (redis.yaml:19) does not say --replicaof"


def test_a_silent_replica(folder: Path) -> None:
    """Without names for the Pods the replica finds nobody; serviceName is the line."""
    lab = a_lab(folder, service="database")
    replica = a_replica(lab, "redis-0.redis", "connect")
    with pytest.raises(LabFailure) as failure:
        a_primary(lab, WAIT="0").write(2, acknowledged_by=replica)
    findings = failure.value.findings
    assert findings.saw == "no acknowledgement; Pod redis-1 says of its primary redis-0.redis: connect"
    assert findings.because == "serviceName is database (redis.yaml:11), and the Service is called redis"


@pytest.mark.parametrize(
    ("flags", "settings", "because"),
    [
        (
            "--dir /data",
            "appendonly\nno\nappendfsync\neverysec\n",
            "its command (redis.yaml:19) does not say --appendonly yes, and the default is no",
        ),
        (
            "--appendonly no",
            "appendonly\nno\nappendfsync\neverysec\n",
            "its command says --appendonly no (redis.yaml:19)",
        ),
        (
            "--appendonly yes",
            "appendonly\nyes\nappendfsync\neverysec\n",
            "its command (redis.yaml:19) does not say --appendfsync always, and the default is everysec",
        ),
    ],
)
def test_a_write_that_may_be_lost(folder: Path, flags: str, settings: str, because: str) -> None:
    """The flag that is missing or wrong, and its line."""
    lab = a_lab(folder, flags=flags)
    with pytest.raises(LabFailure) as failure:
        a_primary(lab, CONFIG=settings).syncs_each_write()
    assert failure.value.findings.because == because


def test_what_is_kept(folder: Path) -> None:
    """All records are there, or how many of them."""
    kept = "appendonly\nyes\nappendfsync\nalways\n"
    server = a_primary(a_lab(folder), MGET="1\n2\n", CONFIG=kept)
    server.has({"a": "1", "b": "2"})
    server.syncs_each_write()
    with pytest.raises(LabFailure, match=r"all 2 acknowledged records in Pod redis-0; saw 1 of them"):
        server.has({"a": "1", "b": "3"})
