"""A Pod of ours in a lab's namespace, to ask from inside the cluster: by name, through Services, the DNS.

It is the administrator's, and its label keeps it out of what the recorder shows: a lab never counts it among
the learner's Pods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import tenacity

from kindlings.cluster import exec as remote
from kindlings.cluster.api import KINDS, Refusal
from kindlings.errors import InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kindlings.cluster.api import Api

NAME: Final = "kindlings-helper"
LABEL: Final = "kindlings.dev/helper"
NOT_OURS: Final = f"!{LABEL}"
"""The label selector that leaves it out."""

_IMAGE: Final = "busybox:1.36"
_PATIENCE: Final = 40.0
"""Seconds in which it must run; on a quiet machine it takes one."""


def prepare(admin: Api, namespace: str) -> None:
    """Make the Pod, unless it is there; it is not waited for."""
    body: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": NAME, "labels": {LABEL: "true"}},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "helper", "image": _IMAGE, "command": ["sleep", "3600"]}],
        },
    }
    try:
        admin.create(KINDS["Pod"].path(namespace), body)
    except Refusal as refusal:
        if refusal.reason != "AlreadyExists":
            raise InfrastructureError(
                f"The helper Pod of namespace {namespace} was refused: {refusal.message}",
                "Run the lab again. If it happens again, run `kindlings doctor`.",
            ) from None


def ask(admin: Api, namespace: str, command: Sequence[str]) -> remote.Result:
    """Run `command` in the Pod, once it runs, making it where it is missing.

    Raises InfrastructureError where it does not run.
    """
    _await_running(admin, namespace)
    return remote.attempt(admin, namespace, NAME, "helper", command)


def _await_running(admin: Api, namespace: str) -> None:
    waiting = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda running: not running),
        stop=tenacity.stop_after_delay(_PATIENCE),
        wait=tenacity.wait_fixed(0.1),
    )
    path = KINDS["Pod"].path(namespace, NAME)

    def runs() -> bool:
        try:
            return bool((admin.get(path).get("status") or {}).get("phase") == "Running")
        except Refusal as refusal:
            if refusal.code != 404:
                raise
            prepare(admin, namespace)
            return False

    try:
        waiting(runs)
    except (tenacity.RetryError, Refusal):
        raise InfrastructureError(
            f"The helper Pod of namespace {namespace} does not run within {_PATIENCE:.0f} s.",
            f"Run `kindlings kubectl -n {namespace} describe pod {NAME}`.",
        ) from None
