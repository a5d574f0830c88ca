"""kubectl as a lab's learner: their rights, the lab's namespace, and nothing of this machine's around it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import tenacity
import yaml

from kindlings.cluster.api import COUNTED_MEANWHILE
from kindlings.errors import MEND_CLUSTER, InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SECONDS: Final = 60.0
"""The longest that a command may take: `rollout status` waits for a rollout."""
MAX_OUTPUT: Final = 256 * 1024
_PATHS: Final = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
_KEPT: Final = ("SYSTEMROOT", "TEMP", "TMP")
"""Without these no program runs on Windows."""
_NO_SERVER: Final = (
    "Unable to connect to the server",
    "was refused - did you specify the right host or port",
    "connection refused",
    "TLS handshake timeout",
    "etcdserver:",
)


@dataclass(frozen=True)
class Answer:
    """How a command ended: its exit code, and what it printed on standard output and on standard error."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Kubectl:
    """kubectl for one cluster."""

    program: Callable[[], Path]
    kubeconfig: Path
    context: str | None = None

    @contextmanager
    def acting_as(self, user: str, namespace: str) -> Iterator[Callable[[Sequence[str]], Answer]]:
        """Give what runs kubectl with an argument list, as `user`, with `namespace` as the default one.

        Running raises InfrastructureError where there is no kubectl or no API server. A command that takes
        longer than SECONDS is ended and answers with code 124, as that of `timeout` does.
        """
        with self._with(self._config({"as": user}, namespace)) as execute:
            yield execute

    @contextmanager
    def as_owner(self) -> Iterator[Callable[[Sequence[str]], Answer]]:
        """Give what runs kubectl as whose cluster it is; never for what a learner wrote."""
        with self._with(self._config({}, "default")) as execute:
            yield execute

    @contextmanager
    def _with(self, made: dict[str, Any]) -> Iterator[Callable[[Sequence[str]], Answer]]:
        program = self.program()
        with tempfile.TemporaryDirectory(prefix="kindlings-") as folder:
            config = Path(folder) / "kubeconfig"
            config.write_text(yaml.safe_dump(made), encoding="utf-8")
            kept = {name: value for name in _KEPT if (value := os.environ.get(name))}
            environment = {
                **kept,
                "HOME": folder,
                "PATH": "",
                "KUBECONFIG": str(config),
                "KUBECTL_KUBERC": "false",
            }
            yield lambda arguments: _run(program, arguments, folder, environment)

    def _config(self, acting: dict[str, str], namespace: str) -> dict[str, Any]:
        """Return a kubeconfig that leads to this cluster alone; `acting` says whom to impersonate."""
        try:
            given: dict[str, Any] = yaml.safe_load(self.kubeconfig.read_text(encoding="utf-8"))
            context = _named(given["contexts"], self.context or given["current-context"])["context"]
            cluster = _named(given["clusters"], context["cluster"])["cluster"]
            account = _named(given["users"], context["user"])["user"]
        except (OSError, yaml.YAMLError, KeyError, TypeError, StopIteration) as error:
            raise InfrastructureError(
                f"The cluster's kubeconfig cannot be used: {type(error).__name__} {error}",
                "Run `kindlings up`: it writes a new one.",
            ) from None
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "lab",
            "clusters": [{"name": "lab", "cluster": self._absolute(cluster)}],
            "users": [{"name": "lab", "user": {**self._absolute(account), **acting}}],
            "contexts": [
                {"name": "lab", "context": {"cluster": "lab", "user": "lab", "namespace": namespace}}
            ],
        }

    def _absolute(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Return the entry with its files named from the root: relative ones are beside the kubeconfig."""
        beside = self.kubeconfig.resolve().parent
        return {key: str(beside / value) if key in _PATHS else value for key, value in entry.items()}


def _named(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(one for one in entries if one["name"] == name)


def _lost_the_count(answer: Answer) -> bool:
    return answer.code != 0 and COUNTED_MEANWHILE in answer.err


@tenacity.retry(
    retry=tenacity.retry_if_result(_lost_the_count),
    stop=tenacity.stop_after_attempt(10),
    wait=tenacity.wait_random_exponential(multiplier=0.05, max=1),
    retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
)
def _run(program: Path, arguments: Sequence[str], folder: str, environment: dict[str, str]) -> Answer:
    try:
        result = subprocess.run(
            [str(program), *arguments],
            check=False,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            cwd=folder,
            env=environment,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return Answer(124, "", f"kubectl gave no answer within {SECONDS:.0f} s")
    except OSError as error:
        raise InfrastructureError(
            f"{program} cannot be started: {error.strerror}.",
            "Run `kindlings up`: it brings what is missing.",
        ) from None
    if result.returncode != 0 and any(words in result.stderr for words in _NO_SERVER):
        raise InfrastructureError(
            f"kubectl does not reach the cluster: {result.stderr.strip().splitlines()[-1]}",
            MEND_CLUSTER,
        )
    return Answer(result.returncode, result.stdout[:MAX_OUTPUT], result.stderr[:MAX_OUTPUT])
