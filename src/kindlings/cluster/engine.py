"""The container engine: podman or docker, whichever really runs a privileged container here."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Literal, get_args

from kindlings import paths
from kindlings.errors import InfrastructureError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kindlings.progress import Progress

Name = Literal["podman", "docker"]
NAMES: Final[tuple[Name, ...]] = ("docker", "podman")
"""In the order in which they are tried, which is kind's own."""

_NETWORK: Final = "KIND_EXPERIMENTAL_PODMAN_NETWORK"
_USUAL_STORE: Final = "/var/lib/containers/storage"

_SYS_RESOURCE: Final = 24
"""The number of CAP_SYS_RESOURCE (linux/capability.h)."""

_OPEN_FILES: Final = 20000
_PROCESSES: Final = 30000
"""Enough for a node; more was refused (60000) on machines whose own hard limit read 96365."""

ROOTLESS: Final = (
    "Podman runs without root's rights here, which is not enough for the cluster's nodes.",
    "On Linux run kindlings as root or use Docker; elsewhere run `podman machine set --rootful`.",
)
"""What is wrong, and what to do about it."""
_TROUBLES: Final = (
    (
        r"permission denied.*(docker|\.sock)",
        "This user may not speak to Docker's daemon.",
        "Add yourself to its group with `sudo usermod -aG docker $USER`, then log in again.",
    ),
    (
        r"(cannot|failed to) connect to the docker|is the docker daemon running",
        "Docker is installed, but its daemon is not running.",
        "Start Docker Desktop, or on Linux run `sudo systemctl start docker`, and try again.",
    ),
    (
        r"(cannot|unable to) connect to podman",
        "Podman is installed, but its machine is not running.",
        "Run `podman machine init --rootful --memory 6144` once, then `podman machine start`.",
    ),
    (r"rootless mode|new[ug]idmap|/etc/sub[ug]id", *ROOTLESS),
    (
        r"unable to apply cap",
        "This machine withholds CAP_SYS_RESOURCE, and Docker's privileged containers insist on it.",
        "Install Podman, which asks only for what it has, and run again with KINDLINGS_ENGINE=podman.",
    ),
    (
        r"no space left on device",
        "The disk is full.",
        "Make room (the cluster and its images take about 8 GB), then try again.",
    ),
)


@dataclass(frozen=True)
class Engine:
    """A container engine and how to call it."""

    name: Name
    binary: str
    environment: Mapping[str, str] = field(default_factory=dict)
    """Given to our processes in addition to the user's environment."""
    limited: bool = False
    """Whether this machine lacks CAP_SYS_RESOURCE."""
    version: str = ""

    @property
    def network(self) -> str:
        """Return podman's network of the nodes; an empty string for Docker, whose network kind chooses."""
        return self.environment.get(_NETWORK, "")

    def with_store(self, store: str) -> Engine:
        """Return podman with the network of the nodes for its image `store`, a folder.

        The network is of our own, for kind's may have been made without names in it. podman's networks are
        the machine's and its containers a store's, so two stores with clusters of one name need two networks:
        the names of the nodes would lead to either cluster.
        """
        digest = hashlib.sha256(store.encode()).hexdigest()[:8]
        network = "kindlings" if store == _USUAL_STORE else f"kindlings-{digest}"
        return replace(self, environment={**self.environment, _NETWORK: network})

    @property
    def env(self) -> dict[str, str]:
        """Return the whole environment for a process that uses this engine, kind among them."""
        return {**os.environ, **self.environment}

    def run(
        self,
        *arguments: str,
        check: bool = True,
        stdin: IO[Any] | None = None,
        timeout: float | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run the engine with `arguments`, its output as text; `timeout` in seconds.

        Raises InfrastructureError, where `check`, for a failure; always where it hangs or cannot be started.
        """
        command = [self.binary, *arguments]
        try:
            result = subprocess.run(
                command,
                check=False,
                capture_output=True,
                text=True,
                errors="replace",
                stdin=stdin or subprocess.DEVNULL,
                timeout=timeout,
                env=self.env,
            )
        except subprocess.TimeoutExpired:
            raise InfrastructureError(
                f"`{_shown(self.name, arguments)}` gave no answer for {timeout:.0f} s.",
                f"Restart {self.name.capitalize()}, then try again.",
            ) from None
        except OSError as error:
            raise InfrastructureError(f"{self.binary} cannot be started: {error.strerror}.") from None
        if check and result.returncode != 0:
            raise trouble(_shown(self.name, arguments), result.stderr or result.stdout)
        return result

    def popen(self, *arguments: str, **kw: Any) -> subprocess.Popen[Any]:
        """Start the engine with `arguments`; keywords are Popen's."""
        return subprocess.Popen([self.binary, *arguments], env=self.env, **kw)


def _shown(name: str, arguments: tuple[str, ...]) -> str:
    """Return a command as a message shows it: its first words, enough to tell which it was."""
    text = shlex.join([name, *arguments])
    return text if len(text) <= 80 else f"{text[:79]}…"


def trouble(command: str, output: str) -> InfrastructureError:
    """Return the error for a failed `command` that said `output`, in plain words where it is a known one."""
    for pattern, message, advice in _TROUBLES:
        if re.search(pattern, output, re.IGNORECASE):
            return InfrastructureError(message, advice)
    return InfrastructureError(
        f"`{command}` failed: {last_words(output)}",
        "Run `kindlings doctor`: it looks at the engine and the machine.",
    )


def last_words(output: str) -> str:
    """Return the last line of `output` that says something, without its log decoration, 300 characters."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return re.sub(r"^(Error|ERROR):\s*", "", lines[-1])[:300] if lines else "it said nothing"


def candidate(name: Name) -> Engine | None:
    """Return the engine `name` as it would be called here, or None where its program is missing."""
    binary = shutil.which(name)
    if binary is None or (name == "docker" and _is_podman(Path(binary))):
        return None
    environment: dict[str, str] = {"KIND_EXPERIMENTAL_PROVIDER": name}
    limited = lacks_sys_resource()
    if name == "podman" and limited and "CONTAINERS_CONF" not in os.environ:
        environment["CONTAINERS_CONF"] = str(_write_containers_conf())
    return Engine(name, binary, environment, limited)


def _is_podman(docker: Path) -> bool:
    """Tell whether `docker` is only podman's stand-in: a link to it, or the script of podman-docker."""
    if docker.resolve().name == "podman":
        return True
    try:
        with docker.open("rb") as program:
            beginning = program.read(2048)
    except OSError:
        return False
    return beginning.startswith(b"#!") and b"podman" in beginning


def lacks_sys_resource() -> bool:
    """Tell whether nothing on this machine can have CAP_SYS_RESOURCE: it is out of the bounding set."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    bounding = re.search(r"^CapBnd:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return bounding is not None and not int(bounding[1], 16) >> _SYS_RESOURCE & 1


def _write_containers_conf() -> Path:
    """Write limits that podman can set without CAP_SYS_RESOURCE: at most this process's hard limits."""
    import resource  # noqa: PLC0415 - exists on POSIX only, as does this need

    limits = []
    for word, kind, most in (
        ("nofile", resource.RLIMIT_NOFILE, _OPEN_FILES),
        ("nproc", resource.RLIMIT_NPROC, _PROCESSES),
    ):
        hard = resource.getrlimit(kind)[1]
        number = most if hard == resource.RLIM_INFINITY else min(hard, most)
        limits.append(f'"{word}={number}:{number}"')
    path = paths.state() / "containers.conf"
    text = f"[containers]\ndefault_ulimits = [{', '.join(limits)}]\n"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return path


def chosen_by_user() -> Name | None:
    """Return the engine named in KINDLINGS_ENGINE or KIND_EXPERIMENTAL_PROVIDER; raises UsageError."""
    for variable in ("KINDLINGS_ENGINE", "KIND_EXPERIMENTAL_PROVIDER"):
        wanted = os.environ.get(variable, "").strip().lower()
        if not wanted:
            continue
        for name in get_args(Name):
            if wanted == name:
                return name  # type: ignore[no-any-return] # get_args knows no types
        raise UsageError(
            f"{variable}={wanted} names no engine kindlings can use.", "Set it to podman or docker."
        )
    return None


def find(progress: Progress, *, assume_yes: bool, preferred: Name | None = None) -> Engine:
    """Return an engine that ran a privileged container here; install podman where none is and that can be.

    The user's choice counts alone, then `preferred` (where the cluster already is), then kind's own order.
    Raises InfrastructureError saying of each engine found why it does not work, or what to install.
    """
    from kindlings.cluster import install, probe  # noqa: PLC0415 - they import this module

    wanted = chosen_by_user()
    names = (
        (wanted,) if wanted else tuple(sorted(NAMES, key=lambda name: name != (preferred or probe.last())))
    )
    refusals: list[InfrastructureError] = []
    for name in names:
        engine = candidate(name)
        if engine is None:
            continue
        try:
            engine = probe.trial(engine)
        except InfrastructureError as refusal:
            refusals.append(refusal)
            continue
        progress.say(f"Engine: {engine.name} {engine.version}")
        return engine
    unnamed = any(isinstance(refusal, probe.NoNamesError) for refusal in refusals)
    if "podman" in names and (unnamed or shutil.which("podman") is None) and install.possible():
        install.podman(progress, assume_yes=assume_yes, why=refusals)
        return find(progress, assume_yes=False, preferred="podman")
    raise _none(names, refusals)


def _none(names: tuple[Name, ...], refusals: list[InfrastructureError]) -> InfrastructureError:
    from kindlings.cluster import install  # noqa: PLC0415 - it imports this module

    if refusals:
        return InfrastructureError(
            " ".join(refusal.message for refusal in refusals),
            " ".join(refusal.advice for refusal in refusals if refusal.advice),
        )
    return InfrastructureError(
        f"No container engine: {' and '.join(names)} not found on PATH.", install.instructions()
    )
