"""The marks by which a README's blocks are recorded, and what is put into them."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from kindlings import course
from kindlings.authoring import readmes, replaying
from kindlings.authoring.replaying import Replay
from kindlings.cluster import exec as remote
from kindlings.errors import LabFailure, UsageError
from tests.unit.fakes import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

README = """\
# Module 9

<!-- shown: need node-port; $; wait pod counter containers_ready(1);
     keep 1; $ -->
```
$ kubectl apply -f one.yaml
pod/counter created
$ kubectl logs counter
0: now
$ kubectl get pods
NAME      AGE
counter   5s
```

```
$ kubectl get what stays
nothing
```

<!-- shown: go on -->
```
$ kubectl get pods
```
"""


def test_a_mark_says_what_is_done() -> None:
    """Steps come in their order, the block's commands where `$` stands, the others at the end."""
    first, second = readmes.blocks(README, "README.md")
    assert first.place == "README.md:3"
    assert first.steps == (
        "$ kubectl apply -f one.yaml",
        "wait pod counter containers_ready(1)",
        "keep 1",
        "$ kubectl logs counter",
        "$ kubectl get pods",
    )
    assert first.outputs == ("pod/counter created", "0: now", "NAME      AGE\ncounter   5s")
    assert (first.needs, first.goes_on) == (("node-port",), False)
    assert (second.steps, second.goes_on) == (("$ kubectl get pods",), True)


def test_only_a_blocks_own_lines_are_replaced() -> None:
    """With the outputs that stand there the README is as it was; with others only they change."""
    found = readmes.blocks(README, "README.md")
    assert readmes.replaced(README, [(one, one.outputs) for one in found]) == README
    other = readmes.replaced(README, [(found[0], ("pod/counter created", "", "a\nb\nc")), (found[1], ("d",))])
    assert other == README.replace("0: now\n", "").replace("NAME      AGE\ncounter   5s", "a\nb\nc").replace(
        "$ kubectl get pods\n```\n", "$ kubectl get pods\nd\n```\n", 2
    ).replace("c\nd\n```", "c\n```")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<!-- shown: apply a.yaml\n```\n$ kubectl get pods\n```\n", "the mark has no end"),
        ("<!-- shown: -->\n\n```\n$ kubectl get pods\n```\n", "no block stands below"),
        ("<!-- shown: -->\n```\n$ kubectl get pods\n", "the block has no end"),
        ("<!-- shown: -->\n```\nhello\n```\n", "begins with no command"),
        ("<!-- shown: -->\n```\n```\n", "the block is empty"),
        ("<!-- shown: $; $ -->\n```\n$ kubectl get pods\n```\n", r"more `\$` than"),
    ],
)
def test_a_mark_that_marks_nothing_is_refused(text: str, said: str) -> None:
    """The author reads where it stands."""
    with pytest.raises(UsageError, match=rf"x\.md:1: .*{said}"):
        readmes.blocks(text, "x.md")


def test_what_is_waited_for_is_read() -> None:
    """Whom, what, and literal arguments; nothing is evaluated."""
    assert readmes.call("deployment counter pods ready(3)", "x:1") == readmes.Call(
        ("deployment", "counter", "pods"), "ready", (3,)
    )
    for wrong in ("counter", "pod counter ready(__import__('os'))", "pod counter ready(open)"):
        with pytest.raises(UsageError, match="x:1"):
            readmes.call(wrong, "x:1")


def test_the_courses_marks_are_whole() -> None:
    """Every mark of the course can be read, and there are some."""
    found = [one for path in course.exercises().glob("module*") for one in replaying.blocks(path.name)]
    assert len(found) > 10


# What is done.


class Told:
    """Stands for a lab and its handles: keeps what it is asked for."""

    namespace = "module9-shown-abcdef"
    allowed = ("get", "logs", "apply")
    prober = None

    def __init__(self) -> None:
        self.asked: list[str] = []

    def apply(self, *files: str) -> None:
        """Note the files."""
        self.asked.append(f"apply {files}")

    def run(self, file: str) -> None:
        """Note the file."""
        self.asked.append(f"run {file}")

    def pod(self, name: str) -> Told:
        """Note the name."""
        self.asked.append(f"pod {name}")
        return self

    def wait(self, condition: Any) -> None:
        """Note the condition."""
        self.asked.append(type(condition).__name__)

    def service(self, name: str) -> Told:
        """Note the name."""
        self.asked.append(f"service {name}")
        return self

    def get(self, path: str) -> Any:
        """Answer as a server on a node port."""
        self.asked.append(f"get {path}")
        return SimpleNamespace(text="Hello\n")

    def read(self, file: str) -> list[Any]:
        """Give the one object of each file."""
        return [SimpleNamespace(kind="Deployment", name=file[0], data={"apiVersion": "apps/v1"})]

    @property
    def recorder(self) -> Any:
        """Give a recorder that has seen a Pod and a Service."""
        pod = {
            "kind": "Pod",
            "metadata": {"name": "counter", "uid": "1"},
            "spec": {"containers": [{"name": "c"}]},
        }
        service = {
            "kind": "Service",
            "metadata": {"name": "web", "uid": "2"},
            "spec": {"ports": [{"nodePort": 32000}]},
        }
        return SimpleNamespace(snapshot=lambda: snapshot(pod, service))

    def catch_up(self) -> None:
        """Nothing is recorded."""


class Said:
    """What kubectl answers."""

    code, err = 0, ""

    def __init__(self, out: str) -> None:
        self.out = out


TWO = "$ kubectl get pods\n$ kubectl logs counter"


def _replay(mark: str, *outs: str, shown: str = TWO) -> tuple[list[str], list[str]]:
    """Return what a block of these commands shows, and what the lab was asked for."""
    text = f"<!-- shown: {mark} -->\n```\n{shown}\n```\n"
    (block,) = readmes.blocks(text, "x.md")
    lab: Any = Told()
    answers = iter(outs)

    def execute(arguments: Sequence[str]) -> Any:
        lab.asked.append(f"kubectl {' '.join(arguments)}")
        return Said(next(answers))

    return Replay(lab, block, execute).outputs(), lab.asked


def test_steps_are_done_in_order() -> None:
    """Files are applied and run, handles waited for, and commands run as the learner's."""
    shown, asked = _replay(
        "apply a.yaml b.yaml; wait pod counter running(); $; run c.sh; keep 2; $", "none\n", "1\n2\n3\n"
    )
    assert asked == [
        "apply ('a.yaml', 'b.yaml')",
        "pod counter",
        "_Running",
        "kubectl get pods",
        "run c.sh",
        "kubectl logs counter",
    ]
    assert shown == ["none", "1\n2"]


def test_the_labs_own_names_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A namespace and a cluster of other names are shown under the usual ones."""
    monkeypatch.setenv("KINDLINGS_CLUSTER", "other")
    shown, _ = _replay("$", "nothing in module9-shown-abcdef\n", "other-worker2 other-thing\n")
    assert shown == ["nothing in default", "kindlings-worker2 other-thing"]


def test_an_applied_file_shows_what_it_made() -> None:
    """It goes the way of all the lab's files, and shows what kubectl would say."""
    shown, asked = _replay("$", shown="$ kubectl apply -f one.yaml")
    assert (shown, asked) == (["deployment.apps/o created"], ["apply ('one.yaml',)"])


def test_a_node_port_is_asked_as_curl_would() -> None:
    """The Service that has the port answers; a port that none has is refused."""
    shown, asked = _replay("$", shown="$ curl http://127.0.0.1:32000/hello")
    assert (shown, asked) == (["Hello"], ["service web", "get /hello"])
    with pytest.raises(UsageError, match="no Service has node port 31000"):
        _replay("$", shown="$ curl http://127.0.0.1:31000/hello")


def test_a_container_is_asked_as_kubectl_exec_would(monkeypatch: pytest.MonkeyPatch) -> None:
    """In its first container, or the one that is named; a failure shows its exit code."""
    asked: list[tuple[object, ...]] = []

    def attempt(_api: object, *about: object) -> remote.Result:
        asked.append(about)
        return remote.Result(3, "out\n", "err\n")

    monkeypatch.setattr(remote, "attempt", attempt)
    shown, _ = _replay("$", shown="$ kubectl exec counter -- cat /x\n$ kubectl exec counter -c d -- true")
    assert shown == ["err\nout\ncommand terminated with exit code 3"] * 2
    assert [(one[1], one[2], one[3]) for one in asked] == [
        ("counter", "c", ["cat", "/x"]),
        ("counter", "d", ["true"]),
    ]
    assert _replay("kubectl exec counter -- sync", "", "")[0] == ["", ""]
    assert asked[-1][3] == ["sync"]
    with pytest.raises(UsageError, match="there is no Pod other"):
        _replay("$", shown="$ kubectl exec other -- true")


class Owner:
    """kubectl as whose cluster it is."""

    asked: ClassVar[list[Sequence[str]]] = []

    @contextmanager
    def as_owner(self) -> Iterator[Callable[[Sequence[str]], Said]]:
        """Note what is asked."""

        def execute(arguments: Sequence[str]) -> Said:
            self.asked.append(arguments)
            return Said("NAME\nkindlings-worker\n")

        yield execute


def test_the_nodes_are_asked_for_as_the_clusters_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes are in no lab's namespace; nothing else is asked so."""
    monkeypatch.setattr(Told, "kubectl", Owner(), raising=False)
    assert _replay("$", shown="$ kindlings kubectl get nodes")[0] == ["NAME\nkindlings-worker"]
    _replay(
        "$", shown="$ kubectl get nodes -o custom-columns='NODE:.metadata.name,TAINTS:.spec.taints[*].key'"
    )
    columns = "custom-columns=NODE:.metadata.name,TAINTS:.spec.taints[*].key"
    assert Owner.asked == [["get", "nodes"], ["get", "nodes", "-o", columns]]
    with pytest.raises(LabFailure):
        _replay("$", shown="$ kindlings kubectl delete node kindlings-worker")


# What differs.


def _recorded(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, *outputs: list[str]
) -> list[replaying.Drift]:
    """Return the drifts of a README whose commands print these outputs, and write them."""
    module = folder / "module9"
    module.mkdir(exist_ok=True)
    (module / "README.md").write_text(text)
    monkeypatch.setattr(course, "exercises", lambda: folder)
    monkeypatch.setattr(replaying, "_replayed", lambda *_: iter(outputs))
    session: Any = None
    return replaying.record("module9", session, write=True)


POD = "<!-- shown: -->\n```\n$ kubectl get pods\nNAME            READY   AGE\n{0}   {1}     {2}\n```\n"
GOT = "NAME            READY   AGE\n{0}   {1}     {2}\n"


def test_what_differs_each_time_is_no_drift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A README whose Pods have other names and ages stays byte for byte as its author left it."""
    text = POD.format("counter-kkkkk", "1/1", "3s")
    assert _recorded(tmp_path, monkeypatch, text, [GOT.format("counter-zzzzz", "1/1", "9s")]) == []
    assert (tmp_path / "module9" / "README.md").read_text() == text


def test_what_has_drifted_is_told_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The difference is shown line by line, and a second time there is none."""
    text = POD.format("counter-kkkkk", "1/1", "3s")
    outputs = [GOT.format("counter-zzzzz", "2/2", "9s")]
    (drift,) = _recorded(tmp_path, monkeypatch, text, outputs)
    assert drift.said.startswith("exercises/module9/README.md:1 shows something else:")
    assert "- counter-kkkkk   1/1     3s" in drift.said
    assert "+ counter-6x4wq   2/2     12s" in drift.said
    written = (tmp_path / "module9" / "README.md").read_text()
    assert written == POD.format("counter-6x4wq", "2/2", "12s")
    assert _recorded(tmp_path, monkeypatch, written, outputs) == []


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("dance", "dance is no step"),
        ("wait pod counter beautiful()", "beautiful is no condition"),
        ("wait pod counter containers_ready()", "containers_ready"),
        ("wait cloud nine running()", "cloud nine is nobody"),
    ],
)
def test_a_step_that_cannot_be_done_is_refused(mark: str, said: str) -> None:
    """The author reads which one, and in which block."""
    with pytest.raises(UsageError, match=rf"x\.md:1: .*{said}"):
        _replay(mark, "", "")
