"""Labs with a folder of their nodes: who may mount it, when it is emptied, and why it is refused."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import filelock
import pytest

from kindlings import lesson, paths
from kindlings.cluster import access, addons, policies
from kindlings.cluster.kind import WIPE
from kindlings.errors import InfrastructureError
from kindlings.explain import host_paths, mounts
from kindlings.explain.sources import Sources
from kindlings.session import Session
from tests.unit.fakes import document

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.cluster.api import Api
    from tests.unit.apiserver import FakeApiServer

DAEMONSET = """\
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: counter
spec:
  template:
    spec:
      containers:
        - name: counter
          securityContext:
            privileged: true
      volumes:
        - name: data
          hostPath:
            path: /etc
            type: Directory
"""


def a_lesson() -> None:
    """Check something."""


ABOUT = lesson.of(a_lesson, "module7", [pytest.mark.needs("host-path").mark])


@pytest.fixture
def session(kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Give a session on the fake API server, with a state folder of its own."""
    monkeypatch.setenv("KINDLINGS_STATE_DIR", str(tmp_path / "state"))
    return Session(kubeconfig, "run")


def add_policy(api: Api) -> None:
    """Put the policy and its binding into the cluster."""
    for one, resource in zip(
        policies.host_path(),
        ("validatingadmissionpolicies", "validatingadmissionpolicybindings"),
        strict=True,
    ):
        api.create(f"/apis/{policies.API}/{resource}", one)


def labels(server: FakeApiServer) -> dict[str, Any]:
    """Return the labels of the only namespace that was made."""
    (made,) = server.asked("POST", "/namespaces$")
    found: dict[str, Any] = made.body["metadata"]["labels"]
    return found


def test_the_policy_is_an_addon() -> None:
    """Every cluster of ours has it, and its version says so."""
    kinds = [one["kind"] for one in addons.manifests(mutating=False)]
    assert "ValidatingAdmissionPolicy" in kinds
    assert "ValidatingAdmissionPolicyBinding" in kinds


def test_only_these_labs_are_privileged(server: FakeApiServer, api: Api) -> None:
    """The level and the label by which the policy is bound come together."""
    add_policy(api)
    access.create_namespace(api, "lab", {}, folder="module7")
    assert labels(server)["pod-security.kubernetes.io/enforce"] == "privileged"
    assert labels(server)[policies.HOST_PATH] == "module7"


def test_without_the_policy_nothing_is_privileged(server: FakeApiServer, api: Api) -> None:
    """A cluster without it gets no such namespace."""
    with pytest.raises(InfrastructureError, match="policy"):
        access.create_namespace(api, "lab", {}, folder="module7")
    assert not server.asked("POST", "/namespaces$")


def test_a_folder_is_one_labs_at_a_time_and_empty(session: Session) -> None:
    """It is emptied before the lab's first object and after its last, and nobody else has it meanwhile."""
    add_policy(session.admin)
    wiped: list[str] = []
    session.wipe = wiped.append
    other = filelock.FileLock(paths.state() / "host-paths.lock")

    lab = session.open(ABOUT, "test_folder", paths.state())

    assert wiped == []
    with pytest.raises(filelock.Timeout):
        other.acquire(timeout=0)
    for _ in range(2):
        lab.place.recorder()
        assert wiped == ["module7"]
    session.close(lab, keep=False)
    assert wiped == ["module7", "module7"]
    other.acquire(timeout=0)
    other.release()


def test_what_is_refused_by_its_file_empties_no_folder(session: Session) -> None:
    """A lab that needed no namespace needed no folder either; the next one, in the same namespace, may."""
    add_policy(session.admin)
    wiped: list[str] = []
    session.wipe = wiped.append
    lab = session.open(ABOUT, "test_folder", paths.state())
    session.give_back(lab, ABOUT, "test_folder")
    again = session.open(ABOUT, "test_folder", paths.state())
    assert (wiped, again.namespace) == ([], lab.namespace)
    again.place.recorder()
    assert wiped == ["module7"]
    session.close(again, keep=False)


@pytest.mark.parametrize("removes", [True, False])
def test_a_folder_is_taken_away_though_a_pod_writes_there(tmp_path: Path, *, removes: bool) -> None:
    """The next lab finds nothing, also where rm cannot remove what a Pod of the last one still writes to."""
    folder, gone, tools = tmp_path / "module7", tmp_path / "gone", tmp_path / "tools"
    folder.mkdir()
    (folder / "counter.txt").write_text("1\n")
    tools.mkdir()
    if not removes:
        (tools / "rm").write_text("#!/bin/sh\nexit 1\n")
        (tools / "rm").chmod(0o755)
    path = f"{tools}:{os.environ['PATH']}"
    for _ in range(2):
        wipe = ["sh", "-c", WIPE, "sh", str(folder), str(gone)]
        subprocess.run(wipe, check=True, env={"PATH": path})
    assert (folder.exists(), gone.exists()) == (False, not removes)


def test_a_kept_lab_keeps_its_folder(session: Session) -> None:
    """The learner may look at what it left."""
    add_policy(session.admin)
    wiped: list[str] = []
    session.wipe = wiped.append
    lab = session.open(ABOUT, "test_folder", paths.state())
    lab.place.recorder()
    session.close(lab, keep=True)
    assert wiped == ["module7"]


def test_elsewhere_there_are_no_folders(session: Session) -> None:
    """Where the nodes cannot be reached, the lab is not applicable."""
    assert session.unmet(ABOUT.needs) == "host-path"


@pytest.mark.parametrize(
    ("said", "because"),
    [
        (
            "'kindlings-host-path' denied request: the only hostPath that this lab has is /var/lib/x",
            "the only hostPath that this lab has is /var/lib/x, and the Pod asks for path /etc (a.yaml:15)",
        ),
        (
            "'kindlings-host-path' denied request: privileged: refused by the Pod Security level baseline",
            "privileged true (a.yaml:11): refused by the Pod Security level baseline",
        ),
        (
            "'kindlings-host-path' denied request: hostPort: refused by the Pod Security level baseline",
            "hostPort: refused by the Pod Security level baseline",
        ),
        (
            'MountVolume.SetUp failed for "data" : hostPath type check failed: /etc is not a directory',
            "the node has no directory /etc, and type Directory (a.yaml:16) does not make it",
        ),
    ],
)
def test_a_refusal_names_the_line(tmp_path: Path, said: str, because: str) -> None:
    """What was refused, and where the learner has written it."""
    found = host_paths.because(said, document(tmp_path, DAEMONSET))
    assert found is not None
    assert found[0].replace("single-container.yaml", "a.yaml") == because


def test_other_refusals_are_for_others(tmp_path: Path) -> None:
    """What is not about a folder of the node is not explained here."""
    assert host_paths.because("exceeded quota", document(tmp_path, DAEMONSET)) is None


def test_a_volume_that_ends_with_its_pod(tmp_path: Path) -> None:
    """Where a mount is not the one that was wanted, each is told with its volume's line."""
    text = DAEMONSET.replace(
        "          securityContext:\n            privileged: true\n",
        "          volumeMounts:\n            - name: data\n              mountPath: /app\n",
    )
    spec = ("spec", "template", "spec")
    mounted = "data is mounted at /app (a.yaml:12) and is the Pod's hostPath (a.yaml:15)"
    other = f"{mounted}; nothing is mounted at /data in the container (a.yaml:9)"
    for wanted, because in (("/app", mounted), ("/data", other)):
        assert mounts.because(document(tmp_path, text, "a.yaml"), spec, wanted) == because
    nothing = document(tmp_path, text.partition("          hostPath:")[0], "b.yaml")
    assert mounts.because(nothing, spec, "/app").endswith(
        "(b.yaml:12) and is an emptyDir, as nothing else is said of it (b.yaml:14)"
    )
    plain = document(tmp_path, DAEMONSET, "a.yaml")
    assert mounts.because(plain, spec, "/app").endswith("has no volumeMounts")


SIDECAR = """\
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  containers:
    - name: count
      volumeMounts:
        - {name: logs, mountPath: /var/log/}
    - name: exporter
      volumeMounts: [{name: other, mountPath: /other}]
"""


@pytest.mark.parametrize(
    ("said", "text", "because"),
    [
        (
            "tail: can't open '/var/log/a.log': No such file or directory",
            SIDECAR,
            "container exporter (a.yaml:9) mounts nothing"
            " where container count has the volume logs (a.yaml:8), but other at /other (a.yaml:10)",
        ),
        ("tail: can't open '/tmp/a.log': No such file or directory", SIDECAR, ""),
        (
            "cat: /var/log/a.log: No such file or directory",
            SIDECAR.replace("/other", "/var/log"),
            "container count (a.yaml:6) does not mount the volume other",
        ),
        (
            "cat: /other/a.log: No such file or directory",
            SIDECAR.replace("name: logs", "name: other"),
            "container count has the volume other at /var/log/ (a.yaml:8)",
        ),
        (
            "cat: /var/log/a: No such file or directory",
            SIDECAR.replace("other, mountPath: /other", "logs, mountPath: /var/log"),
            "",
        ),
        ("no numbers", SIDECAR, ""),
    ],
)
def test_a_file_that_another_container_has_is_one_that_is_not_shared(
    tmp_path: Path, said: str, text: str, because: str
) -> None:
    """A container does not find what another writes, because it does not mount the volume of both."""
    path = ("spec", "containers", 1)
    assert mounts.not_shared(said, document(tmp_path, text, "a.yaml"), path) == because


SCRIPT = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: script}
data:
  cuont.sh: date
"""
RUNS = """\
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  containers:
    - name: count
      volumeMounts:
        - {name: script, mountPath: /script}
  volumes:
    - name: script
      configMap: {name: script}
"""


@pytest.mark.parametrize(
    ("pod", "script", "because"),
    [
        (RUNS, SCRIPT, "; at /script is ConfigMap script, which has cuont.sh (script.yaml:5)"),
        (RUNS, SCRIPT.replace("cuont", "count"), ""),
        (
            RUNS,
            SCRIPT.replace("data:\n  cuont.sh: date\n", ""),
            "; at /script is ConfigMap script, which has no files (script.yaml:1)",
        ),
        (
            RUNS.replace("configMap: {name: script}", "emptyDir: {medium: Memory}"),
            SCRIPT,
            "; at /script is the Pod's emptyDir (a.yaml:11)",
        ),
        (
            RUNS.replace("\n      configMap: {name: script}", ""),
            SCRIPT,
            "; at /script is an empty folder (a.yaml:10)",
        ),
        (
            RUNS.replace("Path: /script", "Path: /scrpit"),
            SCRIPT,
            "; nothing is mounted at /script in container count (a.yaml:6), but script at /scrpit (a.yaml:8)",
        ),
    ],
)
def test_what_is_mounted_where_a_file_is_missing_is_told(
    tmp_path: Path, pod: str, script: str, because: str
) -> None:
    """A shell that does not find its script finds something else there, or nothing is mounted."""
    documents = [document(tmp_path, pod, "a.yaml"), document(tmp_path, script, "script.yaml")]
    said = "/bin/sh: can't open '/script/count.sh': No such file or directory"
    path = ("spec", "containers", 0)
    assert mounts.not_there(said, documents[0], path, Sources(documents, "lab")) == because
    assert mounts.not_there("a line", documents[0], path, Sources(documents, "lab")) == ""


def test_only_what_is_mounted_at_the_wanted_path_is_told(tmp_path: Path) -> None:
    """A StatefulSet that makes no claims is told so, too."""
    text = DAEMONSET.replace("kind: DaemonSet", "kind: StatefulSet").replace(
        "          securityContext:\n            privileged: true\n",
        "          volumeMounts: [{name: script, mountPath: /script},\n"
        "            {name: data, mountPath: /app}]\n",
    )
    told = mounts.because(document(tmp_path, text, "a.yaml"), ("spec", "template", "spec"), "/app")
    assert "/script" not in told
    assert told.startswith("data is mounted at /app (a.yaml:11) and is the Pod's hostPath")
    assert told.endswith("; spec (a.yaml:5) has no volumeClaimTemplates")
