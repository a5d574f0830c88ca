"""Command labs: kubectl in a clean environment as the learner, and manifests on the lab's own way."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from kindlings import commands, manifests, terminal
from kindlings.cluster import api, kubectl
from kindlings.cluster.kubectl import Answer, Kubectl
from kindlings.errors import InfrastructureError, LabFailure, Place
from kindlings.explain import commands as explanations
from kindlings.explain.sources import Sources

if TYPE_CHECKING:
    from tests.unit.apiserver import FakeApiServer

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: counter
spec:
  template:
    metadata:
      labels: {app: counter}
    spec:
      containers:
        - name: count
          image: busybox:1.36
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Give a kubectl that tells what it was called with."""
    path = tmp_path / "kubectl"
    path.write_text(
        f"#!{sys.executable} -S\nimport os, sys\n"
        "home = os.getcwd() == os.environ['HOME']\n"
        "print(sys.argv[1:], sorted(os.environ), home, repr(os.environ['PATH']))\n"
        "print(open(os.environ['KUBECONFIG']).read())\n"
        "print(sys.stdin.read() == '')\n"
    )
    path.chmod(0o755)
    return path


def test_kubectl_runs_as_the_learner_and_in_nobodys_home(
    tmp_path: Path, program: Path, server: FakeApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Own HOME and KUBECONFIG, an empty PATH, no input, no other variable, the learner's user."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    config = server.write_kubeconfig(tmp_path / "admin")
    with Kubectl(lambda: program, config).acting_as("kindlings:learner:lab", "lab") as execute:
        answer = execute(["get", "a b"])
    first, rest = answer.out.split("\n", 1)
    assert answer.code == 0
    assert first.startswith("['get', 'a b'] ")
    assert "PROXY" not in first
    assert first.endswith("True ''")
    written = yaml.safe_load(rest.removesuffix("True\n"))
    assert written["users"][0]["user"] == {"token": "administrator", "as": "kindlings:learner:lab"}
    assert written["contexts"][0]["context"]["namespace"] == "lab"
    assert written["clusters"][0]["cluster"] == {"server": server.url}


def test_the_owner_is_nobody_else(tmp_path: Path, program: Path, server: FakeApiServer) -> None:
    """What `kindlings kubectl` shows is asked for without taking on a learner's part."""
    config = server.write_kubeconfig(tmp_path / "admin")
    with Kubectl(lambda: program, config).as_owner() as execute:
        answer = execute(["get", "nodes"])
    written = yaml.safe_load(answer.out.split("\n", 1)[1].removesuffix("True\n"))
    assert written["users"][0]["user"] == {"token": "administrator"}


def test_files_of_a_kubeconfig_are_found_from_anywhere(tmp_path: Path, program: Path) -> None:
    """Relative names are beside the kubeconfig, and kubectl runs elsewhere."""
    config = {
        "current-context": "x",
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://x", "certificate-authority": "ca.crt"}}],
        "users": [{"name": "u", "user": {"client-key": "/etc/key"}}],
    }
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(config))
    made = Kubectl(lambda: program, path)._config({"as": "learner"}, "lab")
    assert made["clusters"][0]["cluster"]["certificate-authority"] == str(tmp_path.resolve() / "ca.crt")
    assert made["users"][0]["user"]["client-key"] == str(Path("/etc/key"))


@pytest.mark.parametrize("content", ["", "[]", "{}", "current-context: x\ncontexts: []\n", "{"])
def test_a_kubeconfig_that_is_none_is_ours(tmp_path: Path, program: Path, content: str) -> None:
    """Never the learner's failure."""
    path = tmp_path / "config"
    path.write_text(content)
    with pytest.raises(InfrastructureError), Kubectl(lambda: program, path).acting_as("learner", "lab"):
        pass


def test_no_kubectl_and_no_server_are_ours(tmp_path: Path) -> None:
    """Nothing of either is the learner's."""
    with pytest.raises(InfrastructureError, match="cannot be started"):
        kubectl._run(tmp_path / "none", [], str(tmp_path), {})
    away = tmp_path / "kubectl"
    away.write_text(f"#!{sys.executable} -S\nimport sys\nsys.exit('Unable to connect to the server: EOF')\n")
    away.chmod(0o755)
    with pytest.raises(InfrastructureError, match="does not reach"):
        kubectl._run(away, [], str(tmp_path), {})


def test_a_command_that_lost_a_race_for_the_quota_is_run_again(tmp_path: Path) -> None:
    """Nothing was made; the second time it may."""
    program = tmp_path / "kubectl"
    program.write_text(
        f"#!{sys.executable} -S\nimport os, sys\n"
        "if not os.path.exists('asked'):\n    open('asked', 'w').close()\n"
        f"    sys.exit('Error from server (Conflict): {api.COUNTED_MEANWHILE} \"kindlings\": modified')\n"
        "print('made')\n"
    )
    program.chmod(0o755)
    assert kubectl._run(program, [], str(tmp_path), {}) == Answer(0, "made\n", "")


def test_a_command_without_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And that is said, as a rollout that hangs is no trouble of ours."""
    monkeypatch.setattr(kubectl, "SECONDS", 0.2)
    slow = tmp_path / "kubectl"
    slow.write_text(f"#!{sys.executable} -S\nimport time\ntime.sleep(60)\n")
    slow.chmod(0o755)
    answer = kubectl._run(slow, [], str(tmp_path), {})
    assert answer.code == 124
    assert "no answer" in answer.err


class FakeLab:
    """A lab whose kubectl answers by a script."""

    def __init__(
        self, folder: Path, *answers: Answer, allowed: tuple[str, ...] = ("get", "apply", "delete")
    ) -> None:
        self.folder = folder
        self.namespace = "lab"
        self.allowed = allowed
        self.files: list[str] = []
        self.ran: list[commands.Command] = []
        self.applied: list[str] = []
        self.called: list[list[str]] = []
        self.answers = list(answers)
        self.sources = sources(folder, self.ran)
        self.kubectl = SimpleNamespace(acting_as=lambda _user, _namespace: self)
        self.caught_up = False
        self.place = SimpleNamespace(recorder=lambda: None)

    def __enter__(self) -> Any:
        return self._execute

    def __exit__(self, *_: object) -> None: ...

    def _execute(self, arguments: list[str]) -> Answer:
        self.called.append(arguments)
        return self.answers.pop(0)

    def apply(self, *files: str) -> None:
        """Note what is applied."""
        self.applied += files

    def read(self, file: str) -> tuple[manifests.Document, ...]:
        """Read as the lab does."""
        return manifests.read(self.folder / file).documents

    def catch_up(self) -> None:
        """Note that the recorder is waited for."""
        self.caught_up = True


def sources(folder: Path, ran: list[commands.Command] | None = None) -> Sources:
    """Return what explanations know of a folder with one Deployment."""
    (folder / "deployment.yaml").write_text(DEPLOYMENT)
    return Sources(manifests.read(folder / "deployment.yaml").documents, "lab", commands=ran or ())


def run(lab: FakeLab, text: str) -> terminal.Session:
    """Run a file with this text in the lab."""
    (lab.folder / "x.sh").write_text(text)
    return terminal.run(lab, "x.sh")  # type: ignore[arg-type] # it has what is needed


def test_outputs_are_kept_line_by_line(tmp_path: Path) -> None:
    """Each command's output can be judged by its number."""
    table = Answer(0, "NAME    READY\nweb     1/1\npod/cache   1/1\n\n", "")
    lab = FakeLab(tmp_path, table, Answer(0, "", "No resources found"))
    session = run(lab, "kubectl get pods\nkubectl get pods -l x\n")
    session.answer(1).lists("cache", "web")
    session.answer(1).shows("1/1")
    session.answer(2).lists()
    assert lab.caught_up
    with pytest.raises(LabFailure, match="2 commands"):
        session.answer(3)
    with pytest.raises(LabFailure, match="saw cache, web"):
        session.answer(1).lists("web")
    with pytest.raises(LabFailure, match="saw nothing"):
        session.shows("web")


def test_nothing_runs_where_a_line_is_refused(tmp_path: Path) -> None:
    """Not even the good line before it."""
    lab = FakeLab(tmp_path)
    with pytest.raises(LabFailure):
        run(lab, "kubectl get pods\nkubectl edit pods\n")
    assert lab.called == []


def test_manifests_go_the_labs_own_way(tmp_path: Path) -> None:
    """An apply is lab.apply; delete -f names the objects that the checked reading found."""
    lab = FakeLab(tmp_path, Answer(0, "", ""))
    run(lab, "kubectl apply -f deployment.yaml\nkubectl delete -f deployment.yaml --now\n")
    assert lab.applied == ["deployment.yaml"]
    assert lab.called == [["delete", "--now", "deployment/counter"]]
    with pytest.raises(LabFailure, match="a file to apply"):
        run(lab, "kubectl apply\n")
    with pytest.raises(LabFailure, match="no such file"):
        run(lab, "kubectl delete -f other.yaml\n")


WORDS = [
    (
        "get x",
        'Error from server (NotFound): deployments.apps "conter" not found',
        "no deployment conter (x.sh:1)",
    ),
    ("get x", 'error: the server doesn\'t have a resource type "deploymnt"', "did you mean deployment?"),
    (
        "get counter",
        'error: the server doesn\'t have a resource type "counter"',
        "counter is a name, and the kind comes before it: deployment counter",
    ),
    (
        "get pods -l tier:web",
        'Error from server (BadRequest): ... label selector "tier:web": unable to parse requirement: ...',
        "tier:web is no selector (x.sh:1): a label and its value are joined by =, as in tier=web",
    ),
    (
        "get pods --selector tier,,web",
        "error: unable to parse requirement: found ','",
        "tier,,web is no selector (x.sh:1): it is key=value, key!=value",
    ),
    (
        "set image x a=b",
        'error: unable to find container named "x"',
        "no container x (x.sh:1); Deployment counter",
    ),
    ("set image x busybox", "error: whatever", "no CONTAINER=IMAGE (x.sh:1)"),
    ("rollout undo x", "error: no rollout history found for deployment", "rollout history lists"),
    ("annotate x a=b", "error: --overwrite is false but found", "only --overwrite replaces it (x.sh:1)"),
    (
        "annotate x a=b",
        "error: all resources must be specified before annotation changes: c",
        "c stands by itself",
    ),
    ("get", "error: You must provide one or more resources", "does not say which object"),
    ("rollout status x", "kubectl gave no answer within 60 s", "waits for what does not come"),
    ("get x", "error: something new", "refuses the line x.sh:1"),
]


@pytest.mark.parametrize(("line", "words", "why"), WORDS)
def test_kubectls_words_lead_to_the_line(tmp_path: Path, line: str, words: str, why: str) -> None:
    """What it says becomes a reason with the place, and what there is instead."""
    lab = FakeLab(tmp_path, Answer(1, "", words), allowed=tuple(commands.VERBS))
    with pytest.raises(LabFailure) as failure:
        run(lab, f"kubectl {line}\n")
    findings = failure.value.findings
    assert why in findings.because
    assert findings.place == Place("x.sh", 1)
    assert not findings.saw.startswith("error:")


def test_a_revision_that_an_undo_has_renumbered_is_told_so(tmp_path: Path) -> None:
    """The first undo to a revision gives it another number, so the second does not find it."""
    lab = FakeLab(tmp_path, Answer(0, "", ""), allowed=("rollout undo",))
    run(lab, "kubectl rollout undo deployment/x --to-revision=2\n")
    again = commands.parse(
        commands.Command(Place("x.sh", 2), "kubectl x", ("rollout", "undo")), ["rollout undo"], ""
    )
    told = explanations.failed(
        again, "error: unable to find specified revision 2", sources(tmp_path, lab.ran)
    )
    assert told.findings.because == (
        "the revision that x.sh:2 asks for is not there;"
        " x.sh:1 has brought a version back, and given it a new number"
    )
    first = commands.parse(lab.ran[0], ["rollout undo"], "")
    told = explanations.failed(
        first, "error: unable to find specified revision 2", sources(tmp_path, lab.ran)
    )
    assert told.findings.because.endswith("; kubectl rollout history lists those that are")


def test_of_several_selectors_the_last_is_told(tmp_path: Path) -> None:
    """As kubectl takes it; and a reader who wrote two wants to know that."""
    told = explanations.selection("get pods -l tier=web -l env!=qa", Place("x.sh", 1), sources(tmp_path, []))
    assert told.startswith("x.sh:1 selects env!=qa, as of several -l only the last counts: a comma joins")


@pytest.mark.parametrize(
    ("selector", "twice"),
    [
        ("tier=cache,tier=backend", "tier"),
        ("tier==cache,env=qa,tier=web", "tier"),
        ("tier=cache,env!=qa,tier!=web", ""),
        ("tier=cache,tier=cache", ""),
        ("tier in (cache,tier=web)", ""),
        ("!tier", ""),
    ],
)
def test_two_values_of_one_label_are_told_to_be_too_many(tmp_path: Path, selector: str, twice: str) -> None:
    """A comma is no or: nothing is both a cache and a backend."""
    told = explanations.selection(f"get pods -l '{selector}'", Place("x.sh", 1), sources(tmp_path, []))
    assert told.startswith(f"x.sh:1 selects {selector}")
    assert ("nothing has two values of " in told) is bool(twice)
    assert f"two values of {twice}" in told or not twice


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        ("pods", "the Pods' labels: x app=x (deployment.yaml:9)"),
        ("deployments", "the objects' own labels: x tier=web (deployment.yaml:4)"),
    ],
)
def test_the_labels_of_what_is_listed_are_told(tmp_path: Path, kind: str, labels: str) -> None:
    """A Deployment's own labels are others than those of its Pods."""
    text = """\
kind: Deployment
metadata:
  name: x
  labels: {tier: web}
spec:
  template:
    metadata:
      name: x
      labels: {app: x}
"""
    (tmp_path / "deployment.yaml").write_text(text)
    known = Sources(manifests.read(tmp_path / "deployment.yaml").documents, "lab")
    told = explanations.selection(f"kubectl get {kind} -l a", Place("x.sh", 1), known)
    assert told == f"x.sh:1 selects a; {labels}"


def test_an_object_of_another_name_is_told(tmp_path: Path) -> None:
    """Where a list lacks a name that no file has, and what is nearly called so."""
    known = sources(tmp_path)
    [only] = known.documents
    assert explanations.misnamed([only.name], known) == ""
    near = f"; there is {only.name} ({only.at('metadata', 'name')})"
    assert explanations.misnamed([f"{only.name}s"], known) == f"nothing is called {only.name}s{near}"
    assert explanations.misnamed(["entirely-else"], known) == "nothing is called entirely-else"


def test_who_set_a_value_is_found(tmp_path: Path) -> None:
    """The last command with the value in it, else the lab itself."""
    lab = FakeLab(tmp_path, Answer(0, "", ""), allowed=("set image",))
    run(lab, "kubectl set image deployment/x a=busybox:1\n")
    known = sources(tmp_path, lab.ran)
    assert known.set_by("busybox:1") == "x.sh:1"
    assert known.set_by("busybox:22") == "the lab itself asks for busybox:22"
    assert explanations.ran(known) == "after kubectl set image deployment/x a=busybox:1 (x.sh:1)"
