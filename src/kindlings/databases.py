"""A Redis server in a learner's Pod: it is written to, read from, and asked what it promises."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kindlings.errors import Findings, LabFailure, Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kindlings.handles import Pod

PATIENCE: Final = 15
"""Seconds of one wait for an acknowledgement, less than a command in a container may take."""

ATTEMPTS: Final = 4
"""So many waits for a replica to find its primary; as a rule it needs a second, on a busy machine more."""

READ_REPLICATION: Final = "https://redis.io/docs/latest/operate/oss_and_stack/management/replication/"
READ_PERSISTENCE: Final = "https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/"
READ_NAMES: Final = "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-network-id"

Records = dict[str, str]
"""Keys and values, drawn at random."""


@dataclass(frozen=True)
class Redis:
    """The Redis server in container redis of a Pod."""

    pod: Pod

    def write(self, count: int, *, acknowledged_by: Redis) -> Records:
        """Write `count` random records, each acknowledged by the replica before the next; return them.

        The replica must follow this one by its name. Raises LabFailure.
        """
        acknowledged_by.follows(self)
        records = {f"order:{secrets.token_hex(4)}": secrets.token_hex(8) for _ in range(count)}
        first, *others = [f"SET {key} {value}\nWAIT 1 {PATIENCE * 1000}\n" for key, value in records.items()]
        # The first one waits for the replica's first copy; without a replica, none after it is written.
        attempts = 1 if acknowledged_by.without_name() else ATTEMPTS
        if not any(self._send(first) == ["OK", "1"] for _ in range(attempts)):
            raise acknowledged_by.silent(self)
        if self._send("".join(others)) != ["OK", "1"] * len(others):
            raise acknowledged_by.silent(self)
        return records

    def has(self, records: Mapping[str, str]) -> None:
        """Demand that all of `records` can be read here. Raises LabFailure."""
        found = self._ask("MGET", *records)
        there = sum(one == wanted for one, wanted in zip(found, records.values(), strict=False))
        if there == len(records):
            return
        raise LabFailure(
            Findings(
                expected=f"all {len(records)} acknowledged records in {self.pod}",
                saw=f"{there} of them",
                because=self._unkept(),
                look=self._look("redis-cli KEYS '*'"),
                read=READ_PERSISTENCE,
            )
        )

    def syncs_each_write(self) -> None:
        """Demand that a write is in the append-only file on the disk before it is answered.

        Raises LabFailure. Source: https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
        """
        if because := self._unkept():
            settings = self._settings()
            raise LabFailure(
                Findings(
                    expected=f"{self.pod} to have each write on its disk before it answers: "
                    "appendonly yes, appendfsync always",
                    saw=", ".join(f"{name} {settings.get(name)}" for name in ("appendonly", "appendfsync")),
                    because=because,
                    look=self._look("redis-cli CONFIG GET 'append*'"),
                    read=READ_PERSISTENCE,
                )
            )

    def follows(self, primary: Redis) -> None:
        """Demand that this server follows `primary`, by its name. Raises LabFailure."""
        role, *rest = self._ask("ROLE")
        wanted = self._name_of(primary.pod)
        host = rest[0] if role == "slave" else ""
        if wanted.startswith(f"{host}.") and host.startswith(f"{primary.pod.name}."):
            return
        place = self._place(f"--replicaof {host}" if host else "redis-server")
        short = ".".join(wanted.split(".")[:2]).rstrip(".")
        because = f"its command ({place}) does not say --replicaof"
        if not self._service():
            because = f"no file has a Service, under whose name {host or primary.pod.name} would be ({place})"
        elif host:
            because = _wrong_name(host, primary.pod.name, place)
        raise LabFailure(
            Findings(
                expected=f"{self.pod} to follow {primary.pod} by its name, {short}",
                saw=f"it follows {host}" if host else "it follows nobody: it is a primary itself",
                because=because,
                look=self._look("redis-cli ROLE"),
                read=READ_NAMES,
            )
        )

    def silent(self, primary: Redis) -> LabFailure:
        """Return the failure of a replica that acknowledges nothing."""
        role = self._ask("ROLE")
        state = role[3] if len(role) > 3 else "nothing"
        return LabFailure(
            Findings(
                expected=f"{self.pod} to acknowledge what {primary.pod} has written",
                saw=f"no acknowledgement; {self.pod} says of its primary {role[1]}: {state}",
                because=self.without_name(),
                look=self._look("redis-cli INFO replication"),
                read=READ_REPLICATION,
            )
        )

    def without_name(self) -> str:
        """Say why the Pods have no names, the Service's being another than serviceName; or nothing."""
        lab, wanted = self.pod.lab, self._service()
        document = lab.document("StatefulSet", self.pod.name.rpartition("-")[0])
        if document is None or not wanted:
            return ""
        given = document.get("spec", "serviceName")
        if given == wanted:
            return ""
        where = document.at("spec", "serviceName")
        return f"serviceName is {given} ({where}), and the Service is called {wanted}"

    # How it does it.

    def _ask(self, *command: str) -> list[str]:
        return self.pod.exec("redis", "redis-cli", *command).text.split("\n")[:-1]

    def _send(self, commands: str) -> list[str]:
        """Send `commands` over one connection: WAIT speaks of what its own connection has written."""
        script = 'printf %s "$1" | redis-cli'
        return self.pod.exec("redis", "/bin/sh", "-c", script, "sh", commands).text.split("\n")[:-1]

    def _settings(self) -> dict[str, str]:
        answer = self._ask("CONFIG", "GET", "append*")
        return dict(zip(answer[::2], answer[1::2], strict=False))

    def _unkept(self) -> str:
        """Say which of the two flags is missing or wrong, and where; or nothing."""
        settings = self._settings()
        for name, wanted, default in (("appendonly", "yes", "no"), ("appendfsync", "always", "everysec")):
            found = settings.get(name, "")
            if found == wanted:
                continue
            flag = self._place(f"--{name}", "")
            if flag is not None:
                return f"its command says --{name} {found} ({flag})"
            server = self._place("redis-server")
            return f"its command ({server}) does not say --{name} {wanted}, and the default is {default}"
        return ""

    def _name_of(self, other: Pod) -> str:
        """Return the full name of another Pod of the StatefulSet, under the only headless Service it has."""
        return f"{other.name}.{self._service()}.{other.lab.namespace}.svc.cluster.local."

    def _service(self) -> str:
        found = [one.name for one in self.pod.lab.sources.documents if one.kind == "Service"]
        return found[0] if found else ""

    def _place(self, word: str, otherwise: str = "args") -> Place | None:
        """Return the line of the container's command or args where `word` stands."""
        lab = self.pod.lab
        document = lab.document("StatefulSet", self.pod.name.rpartition("-")[0])
        if document is None:
            return None
        path = lab.sources.container(document, "redis")
        start = document.at(*path)
        lines = (lab.folder / start.file).read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines[start.line - 1 :], start.line):
            code = line.partition("#")[0]
            if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w.-])", code):
                return Place(start.file, number)
        return document.at(*path, otherwise) if otherwise else None

    def _look(self, command: str) -> str:
        return self.pod.lab.sources.look(f"exec {self.pod.name} -- {command}")


def _wrong_name(host: str, primary: str, place: Place | None) -> str:
    says = f"--replicaof says {host} ({place})"
    if host == primary:
        return f"{says}: the cluster's DNS has a Pod's name with its Service's behind it, and not alone"
    if host.startswith(f"{primary}."):
        return f"{says}: that is the name of another Service, or of a Service in another namespace"
    return f"{says}, which is not the name of one Pod"
