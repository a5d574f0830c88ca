"""Commands run in a learner's container, to observe from inside: no shell of ours, an exit code each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kindlings.errors import Findings, InfrastructureError, LabFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kindlings.cluster.api import Api

TIMEOUT: Final = 20
MAX_OUTPUT: Final = 64 * 1024


def run(api: Api, namespace: str, pod: str, container: str, command: Sequence[str]) -> str:
    """Run `command` in the container and return its standard output, 64 KiB at most.

    Raises LabFailure for an exit code other than 0, InfrastructureError where the cluster does not answer.
    """
    # Imported here: the client's import takes 0.7 s.
    from kubernetes.client import CoreV1Api  # noqa: PLC0415
    from kubernetes.client.exceptions import ApiException  # noqa: PLC0415
    from kubernetes.stream import stream  # noqa: PLC0415

    try:
        channel = stream(
            CoreV1Api(api.client).connect_get_namespaced_pod_exec,
            pod,
            namespace,
            container=container,
            command=list(command),
            stdin=False,
            stdout=True,
            stderr=True,
            tty=False,
            _preload_content=False,
        )
        channel.run_forever(timeout=TIMEOUT)
        output, errors = channel.read_stdout(timeout=0), channel.read_stderr(timeout=0)
        code = channel.returncode if not channel.is_open() else None
        channel.close()
    except ApiException as error:
        raise InfrastructureError(
            f"{command[0]} could not be run in container {container} of Pod {pod}: {error.reason}",
            "Run the lab again. If it happens again, run `kindlings doctor`.",
        ) from None
    if code == 0:
        return str(output)[:MAX_OUTPUT]
    ended = f"exit code {code}" if code is not None else f"no end within {TIMEOUT} s"
    last = str(errors or output).strip().splitlines()[-1:] or [""]
    raise LabFailure(
        Findings(
            expected=f"`{' '.join(command)}` to work in container {container} of Pod {pod}",
            saw=f"{ended} {last[0][:120]}".rstrip(),
            look=f"kindlings kubectl -n {namespace} describe pod {pod}",
        )
    )
