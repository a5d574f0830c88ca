"""Pulling images with the engine: from which registry, how often, and what it means when that fails."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING, Final

import requests
import tenacity

from kindlings.cluster.engine import last_words
from kindlings.errors import InfrastructureError

if TYPE_CHECKING:
    from kindlings.cluster.engine import Engine
    from kindlings.progress import Progress

REGISTRY_VARIABLE: Final = "KINDLINGS_REGISTRY"
"""Names the registry, or a mirror of it, that Docker Hub's images are pulled from."""

_ATTEMPTS: Final = 3
_WAIT: Final = tenacity.wait_exponential(min=1, max=8)
_CONNECT_SECONDS: Final = 3
_PULL_STEPS: Final = 100
_FINAL: Final = re.compile(
    r"not found|manifest unknown|name unknown|unauthorized|denied|no such host|connection refused"
    r"|no space left|no matching manifest|invalid reference|HTTP response to HTTPS"
    r"|does not match provided manifest digest|manifest verification failed",
    re.IGNORECASE,
)
"""What no second try changes."""


def registry() -> str:
    """Return the registry that images are pulled from: docker.io unless KINDLINGS_REGISTRY names another."""
    return os.environ.get(REGISTRY_VARIABLE, "").strip().removesuffix("/") or "docker.io"


def present(engine: Engine, reference: str) -> bool:
    """Tell whether `engine` has the image `reference`."""
    return engine.run("image", "inspect", reference, check=False).returncode == 0


class _PassingError(InfrastructureError):
    """A pull failed in a way that may pass."""


def pull(engine: Engine, reference: str, progress: Progress) -> None:
    """Pull `reference`, again where it fails half-way.

    Raises InfrastructureError: at once where no registry answers or it has no such image, else after the
    third attempt.
    """
    host = reference.partition("/")[0]
    _require_answer(host)

    def say(state: tenacity.RetryCallState) -> None:
        trouble = state.outcome.exception() if state.outcome else None
        wait = state.next_action.sleep if state.next_action else 0
        progress.say(f"{trouble} Trying again in {wait:.0f} s ({state.attempt_number + 1} of {_ATTEMPTS})")

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(_PassingError),
        stop=tenacity.stop_after_attempt(_ATTEMPTS),
        wait=_WAIT,
        before_sleep=say,
        reraise=True,
    )
    retrying(_pull, engine, reference, host, progress)


def _require_answer(host: str) -> None:
    """Raise InfrastructureError unless something at `host` answers HTTP, whatever it answers."""
    address = "registry-1.docker.io" if host == "docker.io" else host
    scheme = "http" if _is_loopback(host) else "https"
    try:
        requests.get(f"{scheme}://{address}/v2/", timeout=(_CONNECT_SECONDS, 10), stream=True).close()
    except requests.exceptions.SSLError:
        return  # something answers; whether it can be trusted is for the engine's own settings to say
    except requests.RequestException as error:
        raise InfrastructureError(
            f"No registry answers at {address} ({_reason(error)}).",
            f"Look at the network, or name a mirror in {REGISTRY_VARIABLE}.",
        ) from None


def _reason(error: requests.RequestException) -> str:
    text = str(error)
    if isinstance(error, requests.Timeout):
        return "timed out"
    if "resolve" in text or "Name or service" in text or "getaddrinfo" in text:
        return "its name is not known here"
    if "refused" in text:
        return "connection refused"
    return type(error).__name__


def _is_loopback(host: str) -> bool:
    name = host.rpartition(":")[0] or host
    return name in {"localhost", "[::1]"} or name.startswith("127.")


def _pull(engine: Engine, reference: str, host: str, progress: Progress) -> None:
    # Docker trusts a registry on loopback without TLS by itself, podman wants to be told.
    plain = ["--tls-verify=false"] if engine.name == "podman" and _is_loopback(host) else []
    lines: list[str] = []
    with progress.step(f"Pulling {reference.partition('@')[0]}", _PULL_STEPS) as step:
        with engine.popen(
            "pull",
            *plain,
            reference,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            try:
                left = float(_PULL_STEPS)
                for line in process.stdout or ():
                    lines.append(line)
                    # How many layers come is not said beforehand: each line takes a part of what is left.
                    step.advance(left / 8, line.strip()[:60])
                    left -= left / 8
            except BaseException:
                process.terminate()
                raise
        if process.returncode == 0:
            step.advance(left)
            return
    output = "".join(lines)
    raise (InfrastructureError if _FINAL.search(output) else _PassingError)(
        f"Pulling {reference} failed: {last_words(output)}.",
        f"Look at the network, or name a mirror in {REGISTRY_VARIABLE}.",
    )
