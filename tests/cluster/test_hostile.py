"""A class of attackers, and honest students among them: no point gained, nothing changed outside, all named.

Each folder of tests/hostile is a submission, with an expected.txt: its learner must read one of its lines. It
is graded by the test of the lab that its file is for, on the real cluster. What cannot lie in a repository
(pipes, links, files without an end) is made here.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from kindlings import course
from kindlings.cluster import access
from kindlings.console import PlainProgress
from kindlings.grading import classes, one
from kindlings.grading.trusted import Limits, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kindlings.cluster.api import Api
    from kindlings.results import Results
    from kindlings.session import Session

CORPUS = Path(__file__).parents[1] / "hostile"
GRADED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "module0": ("test_how_many_nodes_are_ready", "test_who_chooses_a_node"),
    "module1": ("test_the_counter_becomes_ready",),
    "module2": ("test_three_pods_become_ready",),
    "module3": ("test_scaling_keeps_the_pod_that_is_there",),
    "module5": ("test_hello_answers_on_the_node_port", "test_the_name_leads_to_every_pod"),
    "module7": ("test_each_node_keeps_its_own_count",),
}
HONEST: Final = "honest"
WITHOUT_HONEST: Final = frozenset({"module0"})
"""Its honest student would have a second cluster made; tests/cluster/test_breaking.py has it."""
LIMITS: Final = Limits(lab=40, run=120)
ATTACKS: Final = sorted(
    path.parent.relative_to(CORPUS).as_posix() for path in CORPUS.glob("*/*/expected.txt")
)
MADE: Final = {
    "module1/endless": "more than 128 KiB",
    "module1/pipe": "a pipe, a socket or a device",
    "module1/link-to-a-secret": "links are not followed",
    "module1/folder-behind-a-link": "links are not followed",
    "module1/list-of-thousands": "this lab is about Pod",
}
WATCHED: Final = (
    *("/api/v1/namespaces", "/api/v1/nodes", "/apis/scheduling.k8s.io/v1/priorityclasses"),
    *(f"/apis/rbac.authorization.k8s.io/v1/{kind}" for kind in ("clusterroles", "clusterrolebindings")),
    *(f"/apis/rbac.authorization.k8s.io/v1/{kind}" for kind in ("roles", "rolebindings")),
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    *(
        f"/apis/admissionregistration.k8s.io/v1/{kind}"
        for kind in (
            *("validatingwebhookconfigurations", "mutatingwebhookconfigurations"),
            *("validatingadmissionpolicies", "validatingadmissionpolicybindings"),
        )
    ),
    *("/apis/storage.k8s.io/v1/storageclasses", "/apis/certificates.k8s.io/v1/certificatesigningrequests"),
    *(f"/api/v1/{kind}" for kind in ("pods", "services", "serviceaccounts", "secrets", "resourcequotas")),
    *(f"/apis/apps/v1/{kind}" for kind in ("deployments", "daemonsets", "statefulsets", "replicasets")),
)


def _make(folder: Path) -> None:
    """Add the submissions that are made here."""
    for name in MADE:
        (folder / name).mkdir(parents=True)
    file = "single-container.yaml"
    with (folder / "module1" / "endless" / file).open("wb") as stream:
        stream.truncate(1024**4)
    os.mkfifo(folder / "module1" / "pipe" / file)
    (folder / "module1" / "link-to-a-secret" / file).symlink_to("/etc/shadow")
    (folder / "module1" / "folder-behind-a-link" / "exercises").symlink_to(course.solutions())
    items = "\n".join(["- {kind: List, items: []}"] * 4000 + ["- {apiVersion: v1, kind: Secret}"])
    manifest = f"apiVersion: v1\nkind: List\nitems:\n{items}\n"
    (folder / "module1" / "list-of-thousands" / file).write_text(manifest)


def _state(admin: Api) -> dict[str, Any]:
    """Return what there is outside of labs: each object's identity, and what is asked of it."""
    labs = {namespace["metadata"]["name"] for namespace in access.namespaces(admin)}
    found: dict[str, Any] = {}
    for path in WATCHED:
        for item in admin.get(path).get("items") or []:
            meta = item["metadata"]
            if meta["name"] not in labs and meta.get("namespace") not in labs:
                place = f"{path} {meta.get('namespace', '')}/{meta['name']}"
                asked = item.get("spec") or item.get("rules") or item.get("roleRef")
                found[place] = (meta["uid"], meta.get("labels"), None if path == "/api/v1/pods" else asked)
    return found


@pytest.fixture(scope="module")
def graded(
    kindlings_session: Session, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Results], dict[str, Any], dict[str, Any]]:
    """Grade all of them by four at a time; give each one's results, and the cluster before and after."""
    folder, out = tmp_path_factory.mktemp("hostile"), tmp_path_factory.mktemp("graded")
    for attack in ATTACKS:
        shutil.copytree(CORPUS / attack, folder / attack)
    _make(folder)
    before = _state(kindlings_session.admin)
    found: dict[str, Results] = {}
    for module, names in GRADED_BY.items():
        if module not in WITHOUT_HONEST:
            shutil.copytree(course.solutions() / module, folder / module / HONEST)
        task = one.assignment([module], Target(), LIMITS)
        task = replace(task, tests=tuple(test for test in task.tests if test.name in names))
        assert len(task.tests) == len(names)
        students = classes.students(folder / module)
        with (out / f"{module}.log").open("w") as log:
            runs = classes.grade(students, task, out / module, 4, [], PlainProgress(log))
        found |= {f"{module}/{run.student}": run for run in runs}
    return found, before, _state(kindlings_session.admin)


Graded = tuple[dict[str, "Results"], dict[str, Any], dict[str, Any]]


@pytest.mark.parametrize("attack", [*ATTACKS, *MADE])
def test_an_attack_gains_nothing_and_is_named(attack: str, graded: Graded) -> None:
    """No point, a verdict, and a message in plain text that says what was refused."""
    run = graded[0][attack]
    said = " ".join(" ".join(test.message for test in run.tests).split())
    expected = MADE.get(attack) or (CORPUS / attack / "expected.txt").read_text(encoding="utf-8").strip()
    assert run.graded, run.reason
    assert run.score == 0
    assert any(one_of in said for one_of in expected.splitlines()), said
    assert "Traceback" not in said
    assert "\x1b" not in said


@pytest.mark.parametrize("module", sorted(set(GRADED_BY) - WITHOUT_HONEST))
def test_an_honest_student_among_them_gets_all_points(module: str, graded: Graded) -> None:
    """What others do to the cluster meanwhile costs nobody a point."""
    run = graded[0][f"{module}/{HONEST}"]
    assert run.graded, run.reason
    assert run.score == run.max_score, [test.message for test in run.tests]
    assert run.score > 0


def test_nothing_has_changed_outside_of_the_labs(graded: Graded) -> None:
    """Cluster-wide objects, nodes, and all that is in other namespaces are what they were."""
    _, before, after = graded
    assert before
    assert after == before


def test_nothing_of_theirs_was_run_here(graded: Graded) -> None:
    """No manifest and no line of commands has run a program on this machine."""
    assert graded[0]
    assert not Path("/tmp/kindlings-was-here").exists()  # noqa: S108 - the name stands in the corpus


def test_no_lab_of_theirs_is_left(kindlings_session: Session, graded: Graded) -> None:
    """Every namespace that was made for them is gone or going, whatever was in it."""
    runs = {run.run for run in graded[0].values()}
    assert runs
    for namespace in access.namespaces(kindlings_session.admin):
        stays = "deletionTimestamp" not in namespace["metadata"]
        assert not (stays and access.is_orphan(namespace)), namespace["metadata"]["name"]
