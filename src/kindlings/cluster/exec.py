"""Commands run in a learner's container, to observe from inside: no shell of ours, an exit code each."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import tenacity

from kindlings import runtimes
from kindlings.cluster.api import KINDS, STARTING
from kindlings.errors import Findings, InfrastructureError, LabFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kindlings.cluster.api import Api

KILLED: Final = "exit code 137"
"""How a command ends whose container is ended: by SIGKILL, which is 9, and a shell adds 128."""

_HANDSHAKE: Final = re.compile(r"Handshake status (\d+)")
"""How the client begins what it says of an answer; where there was none it says something else."""
_UNSERVED: Final = frozenset({"401", "403", "429", "502", "503", "504"})
TIMEOUT: Final = 20
MAX_OUTPUT: Final = 64 * 1024


@dataclass(frozen=True)
class Result:
    """How a command ended: its exit code, None where it never ran or did not end, with the reason."""

    code: int | None
    output: str = ""
    errors: str = ""
    reason: str = ""
    served: bool = True
    """Whether the API server has handed it on to the node."""


def expected(container: str, pod: str, command: Sequence[str]) -> str:
    """Say what a lesson expects of a command."""
    return f"`{' '.join(command)}` to work in container {container} of Pod {pod}"


def run(api: Api, namespace: str, pod: str, container: str, command: Sequence[str]) -> str:
    """Run `command` in the container and return its standard output, 64 KiB at most.

    Raises LabFailure for an exit code other than 0, InfrastructureError where it could not be run.
    """
    result = attempt(api, namespace, pod, container, command)
    if result.code == 0:
        return result.output[:MAX_OUTPUT]
    if result.code is None:
        raise InfrastructureError(
            f"{command[0]} could not be run in container {container} of Pod {pod}: {result.reason}",
            "Run the lab again. If it happens again, run `kindlings doctor`.",
        )
    last = (result.errors or result.output).strip().splitlines()[-1:] or [""]
    raise LabFailure(
        Findings(
            expected=expected(container, pod, command),
            saw=f"exit code {result.code} {last[0][:120]}".rstrip(),
            look=f"kindlings kubectl -n {namespace} describe pod {pod}",
        )
    )


def alive(api: Api, namespace: str, pod: str, container: str) -> bool:
    """Tell whether the container's process lives at this moment, whatever the kubelet last reported."""
    # A server that has just come back refuses for a moment what it will allow: no word of a container.
    asked = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda result: not result.served),
        stop=tenacity.stop_after_delay(STARTING),
        wait=tenacity.wait_random_exponential(multiplier=0.1, max=1),
        retry_error_callback=lambda state: state.outcome and state.outcome.result(),
    )
    result: Result = asked(attempt, api, namespace, pod, container, ["true"])
    # An image without `true` says so only where there is a living container to look in.
    return result.code is not None or runtimes.finds_no_program(result.reason)


def attempt(api: Api, namespace: str, pod: str, container: str, command: Sequence[str]) -> Result:
    """Run `command` in the container and return how it ended, whatever that is."""
    # Imported here: the client's import takes half a second. Its CoreV1Api, the documented way to exec, takes
    # a second more for models that nobody here needs; this is the call that it ends in.
    from kubernetes.client.exceptions import ApiException  # noqa: PLC0415
    from kubernetes.stream import ws_client  # noqa: PLC0415

    query = [("container", container), *(("command", word) for word in command)]
    query += [("stdout", "true"), ("stderr", "true")]
    try:
        channel = ws_client.websocket_call(  # type: ignore[no-untyped-call] # its library has no types
            api.client.configuration,
            "GET",
            api.server + KINDS["Pod"].path(namespace, pod, "exec"),
            query_params=query,
            headers=api.credentials,
            _preload_content=False,
        )
        channel.run_forever(timeout=TIMEOUT)
        output, errors = str(channel.read_stdout(timeout=0)), str(channel.read_stderr(timeout=0))
        ended = str(channel.read_channel(ws_client.ERROR_CHANNEL, timeout=0))
        channel.close()
    except ApiException as error:
        said = str(error.reason)
        answer = _HANDSHAKE.match(said)
        served = answer is not None and answer[1] not in _UNSERVED
        return Result(None, reason=said.rsplit("-+-+- ", 1)[-1], served=served)
    return _result(ended, output, errors)


def _result(ended: str, output: str, errors: str) -> Result:
    """Read the Status object of the exec protocol's error channel: success, an exit code, or a reason."""
    try:
        status = json.loads(ended)
    except ValueError:
        return Result(None, output, errors, ended or f"no end within {TIMEOUT} s")
    if status.get("status") == "Success":
        return Result(0, output, errors)
    for cause in (status.get("details") or {}).get("causes") or []:
        if cause.get("reason") == "ExitCode" and str(cause.get("message")).isdigit():
            return Result(int(cause["message"]), output, errors)
    return Result(None, output, errors, str(status.get("message")))
