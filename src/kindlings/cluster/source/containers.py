"""The images of a node from source, and the node image with them inside."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

import tenacity

from kindlings import course
from kindlings.cluster.source import debian, go
from kindlings.cluster.source.stages import Stage, key, run
from kindlings.versions import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from kindlings.cluster.engine import Engine
    from kindlings.progress import Progress, Step

REPOSITORY: Final = "localhost/kindlings/node"
PAUSE: Final = f"registry.k8s.io/pause:{VERSIONS['built']['pause']}"
_RECIPES: Final = "node-image/images"
_NODE_SECONDS: Final = 60


@dataclass(frozen=True)
class Recipe:
    """An image: its `references`, its Containerfile in the course, and the files of its context."""

    references: tuple[str, ...]
    containerfile: str
    context: Mapping[str, Path]
    arguments: Mapping[str, str] = field(default_factory=dict)


def busybox(rootfs: Stage) -> Recipe:
    """Return the recipe of the course's busybox from Debian's; its context is laid out by `_lay_out`."""
    return Recipe(
        tuple(f"docker.io/library/busybox:{tag}" for tag in VERSIONS["images"]["busybox"]),
        "images/busybox/Containerfile",
        {"root/bin/busybox": rootfs.folder / "busybox"},
    )


def web(program: Stage) -> Recipe:
    """Return the recipe of kindlings/web from its program; no stand-in, for it is our own."""
    return Recipe(
        tuple(f"docker.io/kindlings/web:{tag}" for tag in VERSIONS["images"]["kindlings/web"]),
        "images/web/program.Containerfile",
        {"web": program.folder / "web"},
    )


def redis(rootfs: Stage, packages: Stage) -> Recipe:
    """Return the recipe of the stand-in for redis: Debian's, with busybox for its shell."""
    files = course.root() / "images" / "redis"
    return Recipe(
        tuple(f"docker.io/library/redis:{tag}" for tag in VERSIONS["images"]["redis"]),
        "images/redis/Containerfile",
        {
            "root/bin/busybox": rootfs.folder / "busybox",
            "redis.tar": packages.folder / "redis.tar",
            "passwd": files / "passwd",
            "group": files / "group",
        },
    )


def _system(rootfs: Stage, kubernetes: Stage, addons: Mapping[str, Stage]) -> Iterator[Recipe]:
    """Yield the images that kubeadm wants (`kubeadm config images list`) and those of our manifests."""
    built = VERSIONS["built"]
    version = VERSIONS["kubernetes"]["built"]
    recipes = course.root() / _RECIPES
    tags = {
        "etcd": f"registry.k8s.io/etcd:{built['etcd']}-0",
        "provisioner": "localhost/kindlings/provisioner:v1",
    } | {
        name: f"registry.k8s.io/{name}:v{version}"
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    }
    for name, reference in tags.items():
        program = addons[name].folder / name if name in addons else kubernetes.folder / name
        yield Recipe((reference,), f"{_RECIPES}/program.Containerfile", {name: program}, {"PROGRAM": name})
    yield Recipe(
        (f"registry.k8s.io/coredns/coredns:v{built['coredns']}",),
        f"{_RECIPES}/coredns.Containerfile",
        {"coredns": addons["coredns"].folder / "coredns"},
    )
    yield Recipe((PAUSE,), f"{_RECIPES}/pause.Containerfile", {"pause": addons["pause"].folder / "pause"})
    yield Recipe(
        (f"registry.k8s.io/kube-proxy:v{version}",),
        f"{_RECIPES}/kube-proxy.Containerfile",
        {
            "kube-proxy": kubernetes.folder / "kube-proxy",
            "kube-proxy.sh": recipes / "kube-proxy.sh",
            "busybox": rootfs.folder / "busybox",
            "iptables.tar": rootfs.folder / "iptables.tar",
        },
    )


def archive(engine: Engine, recipes: list[Recipe], archive: Path, step: Step, seconds: float) -> None:
    """Build `recipes` and save them all into one `archive`; the engine keeps none of them."""
    share = seconds / (len(recipes) + 1)
    references = [reference for recipe in recipes for reference in recipe.references]
    try:
        for recipe in recipes:
            step.advance(0, recipe.references[0])
            build(engine, recipe, archive.parent / "context")
            step.advance(share)
        save(engine, references, archive)
        step.advance(share)
    finally:
        engine.run("rmi", "--force", *references, check=False)


def save(engine: Engine, references: list[str], archive: Path) -> None:
    """Save images into one archive of Docker's format."""
    several = ["--multi-image-archive"] if engine.name == "podman" else []
    engine.run("save", *several, "--output", str(archive), *references)


def build(engine: Engine, recipe: Recipe, context: Path) -> None:
    """Build one recipe's image in `engine`, its context being laid out in a new folder `context`."""
    _lay_out(recipe, context)
    tags = [word for reference in recipe.references for word in ("--tag", reference)]
    arguments = [
        word for name, value in recipe.arguments.items() for word in ("--build-arg", f"{name}={value}")
    ]
    containerfile = str(course.root() / recipe.containerfile)
    engine.run("build", "--file", containerfile, *tags, *arguments, str(context))
    shutil.rmtree(context)


def _lay_out(recipe: Recipe, context: Path) -> None:
    """Make the folder that an image is built from."""
    for name, source in recipe.context.items():
        target = context / name
        target.parent.mkdir(parents=True, exist_ok=True)
        _place(source, target)
        if name.endswith(".sh"):
            target.chmod(0o755)
    if "root/bin/busybox" in recipe.context:
        _lay_out_busybox(context / "root")


def _lay_out_busybox(root: Path) -> None:
    """Give a root file system with bin/busybox what the official image has: applets, users, folders."""
    applets = subprocess.run(
        [root / "bin" / "busybox", "--list"], check=True, capture_output=True, text=True
    ).stdout.split()
    for applet in applets:
        if applet != "busybox":
            (root / "bin" / applet).symlink_to("busybox")
    for folder in ("etc", "home", "root", "tmp", "usr/bin", "usr/sbin", "var/spool/mail", "var/www"):
        (root / folder).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    (root / "usr" / "bin" / "env").symlink_to("../../bin/env")
    (root / "etc" / "passwd").write_text(
        "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\n"
        "www-data:x:33:33:www-data:/var/www:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n"
    )
    (root / "etc" / "group").write_text("root:x:0:\ndaemon:x:1:\nwww-data:x:33:\nnogroup:x:65534:\n")


def _place(source: Path, target: Path) -> None:
    """Put a file into a context: as a link where that can be, for programs are large."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


class Build:
    """The build of a node image: its stages, and the image's name, which any change of its inputs changes."""

    def __init__(self, engine: Engine, progress: Progress) -> None:
        self.engine = engine
        self.progress = progress
        self.toolchain = go.Toolchain(progress)
        self.rootfs = debian.root_file_system()
        self.kubernetes = go.kubernetes(self.toolchain)
        self.kubectl = go.kubectl(self.toolchain)
        self.addons = {
            name: go.addon(self.toolchain, name) for name in ("etcd", "coredns", "provisioner", "pause")
        }
        self.redis, self.web = debian.redis(), go.web(self.toolchain)
        recipes = [
            *_system(self.rootfs, self.kubernetes, self.addons),
            busybox(self.rootfs),
            web(self.web),
            redis(self.rootfs, self.redis),
        ]
        self.images = Stage(
            "images",
            "Images of the control plane and the course",
            60,
            1,
            partial(self._archive, recipes),
            (
                course.root() / _RECIPES,
                course.root() / "images",
                *(name for recipe in recipes for name in (*recipe.references, *recipe.context)),
            ),
            (self.rootfs, self.kubernetes, *self.addons.values(), self.redis, self.web),
        )
        self.stages = [
            *(self.rootfs, self.kubernetes, self.kubectl, *self.addons.values()),
            *(self.redis, self.web, self.images),
        ]

    @property
    def reference(self) -> str:
        """Return the name that the node image has, or will have, in the engine."""
        node_image = course.root() / "node-image"
        inputs = key(
            node_image / "files",
            node_image / "Containerfile",
            node_image / "configure.sh",
            VERSIONS["kind"]["version"],
            *(stage.key for stage in self.stages),
        )
        return f"{REPOSITORY}:v{VERSIONS['kubernetes']['built']}-{inputs}"

    def run(self) -> str:
        """Build the node image, going on where an earlier build was; return its reference.

        Raises InfrastructureError with advice where this machine cannot do it, or a stage fails.
        """
        debian.require(self.progress)
        missing = [stage for stage in self.stages if not stage.done]
        minutes = (sum(stage.seconds for stage in missing) + _NODE_SECONDS) / 60
        self.progress.say(
            f"Building the node image from source: {len(missing) + 1} of {len(self.stages) + 1} steps to do, "
            f"{max(1, round(minutes))} min on two cores at most"
        )
        kind_files = go.module_folder(
            self.toolchain.go, f"{VERSIONS['kind']['module']}@v{VERSIONS['kind']['version']}"
        )
        run(self.stages, self.progress)
        with self.progress.step(f"{len(self.stages) + 1}/{len(self.stages) + 1} Node image", 7) as step:
            self._node(kind_files / "images" / "base" / "files", step)
        self._remove_superseded()
        return self.reference

    def _remove_superseded(self) -> None:
        """Remove node images of earlier builds, a gigabyte each, unless a container still uses them."""
        listed = self.engine.run(
            *("images", "--filter", f"reference={REPOSITORY}", "--format", "{{.Repository}}:{{.Tag}}"),
            check=False,
        )
        for reference in set(listed.stdout.split()) - {self.reference}:
            self.engine.run("rmi", reference, check=False)

    def _archive(self, recipes: list[Recipe], folder: Path, step: Step) -> None:
        archive(self.engine, recipes, folder / "images.tar", step, self.images.seconds)

    def _node(self, kind_files: Path, step: Step) -> None:
        """Make the node image the way kind does: containerd takes the images in, then a commit.

        `kind_files` is what kind's module holds for its base image. The bar has seven parts.
        """
        engine, unique = self.engine, uuid.uuid4().hex[:8]
        base, plain = f"localhost/kindlings/base:{unique}", f"localhost/kindlings/plain:{unique}"
        container = f"kindlings-build-{unique}"
        context = self.images.folder.with_name(f"node-{unique}.partial")
        with ExitStack() as undo:
            undo.callback(shutil.rmtree, context, ignore_errors=True)
            undo.callback(engine.run, "rmi", "--force", plain, base, check=False)
            undo.callback(engine.run, "rm", "--force", "--volumes", container, check=False)
            step.advance(0, "root file system")
            engine.run("import", str(self.rootfs.folder / "rootfs.tar"), base)
            step.advance(2, "Kubernetes")
            self._lay_out_node(kind_files, context)
            engine.run(
                *("build", "--file", str(context / "Containerfile"), "--tag", plain),
                *("--build-arg", f"BASE={base}", "--build-arg", f"PAUSE={PAUSE}", str(context)),
            )
            step.advance(2, "images")
            engine.run(
                *("run", "--detach", "--name", container, "--entrypoint", "/usr/bin/containerd"),
                *("--security-opt", "seccomp=unconfined", plain),
            )
            self._import(container)
            step.advance(2, "commit")
            engine.run("exec", container, "sh", "-c", "rm -rf /var/log/*")
            engine.run("stop", container)
            engine.run(
                *("commit", "--change", 'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]'),
                *(container, self.reference),
            )
            step.advance(1)

    def _import(self, container: str) -> None:
        """Give the container's containerd the archive of images, packed: unpacked they would not fit it."""
        for attempt in tenacity.Retrying(
            wait=tenacity.wait_fixed(0.1), stop=tenacity.stop_after_delay(30), reraise=True
        ):
            with attempt:
                self.engine.run("exec", container, "ctr", "version")
        with (self.images.folder / "images.tar").open("rb") as images:
            self.engine.run(
                *("exec", "--interactive", container, "ctr", "--namespace", "k8s.io"),
                *("images", "import", "--no-unpack", "-"),
                stdin=images,
            )

    def _lay_out_node(self, kind_files: Path, context: Path) -> None:
        node_image = course.root() / "node-image"
        shutil.copytree(kind_files, context / "kind", copy_function=shutil.copyfile)
        shutil.copytree(node_image / "files", context / "files", copy_function=shutil.copyfile)
        manifests = context / "files" / "kind"
        (manifests / "version").write_text(f"v{VERSIONS['kubernetes']['built']}", encoding="utf-8")
        for name in ("Containerfile", "configure.sh"):
            shutil.copyfile(node_image / name, context / name)
        programs = context / "programs"
        programs.mkdir()
        for stage, name in (
            (self.kubernetes, "kubeadm"),
            (self.kubernetes, "kubelet"),
            (self.kubectl, "kubectl"),
        ):
            _place(stage.folder / name, programs / name)
