"""Why a rollout went wrong, which labels were written where, and the server's rules in plain words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from kindlings import explain, symptoms
from kindlings.commands import Command
from kindlings.conditions import Target, fewer_ready_than
from kindlings.errors import Place
from kindlings.explain import wording
from kindlings.explain.sources import Sources, parse_path
from kindlings.metadata import annotated, change_cause, labelled
from kindlings.pods import all_with_image
from kindlings.rollouts import (
    deadline_exceeded,
    mixed_images,
    more_than,
    revisions,
    rolled_out,
    rollout_stalled,
)
from kindlings.waiting import Unmet
from tests.unit.fakes import document, pod, scene, waiting
from tests.unit.test_rollouts import SETS, deployment, pods, replicaset

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.conditions import Condition
    from kindlings.errors import Findings
    from kindlings.recorder import Object, Snapshot

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: counter
  labels: {author: ali, team: A B}
spec:
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxUnavailable: 1,
      maxSurge: 3}
  template:
    metadata:
      annotations: {contact: me}
      labels: {app: counter}
    spec:
      containers:
        - name: count
          image: busybox:1.36
"""
FILE = "single-container.yaml"
ROLLING = "    type: RollingUpdate\n    rollingUpdate: {maxUnavailable: 1,\n      maxSurge: 3}\n"
WHOLE = Target("Deployment counter", "Deployment", lambda moment: moment.all("Deployment"))
UNDO = Command(
    Place("undo.sh", 3),
    "kubectl rollout pause deployment/counter",
    ("rollout", "pause", "deployment/counter"),
)


def _all(moment: Snapshot) -> list[Object]:
    return moment.all("Pod")


PODS = Target("the Pods", "Pod", _all, plural=True)


def told(
    folder: Path,
    condition: Condition,
    *found: Object,
    text: str = DEPLOYMENT,
    target: Target = WHOLE,
    saw: str = "this",
    ran: tuple[Command, ...] = (),
) -> Findings:
    """Return what is told when a condition on the Deployment is proved not to hold."""
    now = scene(target, *(found or (deployment(), *SETS, *pods(2, 3))))
    sources = Sources([document(folder, text)], "lab", ("busybox:1.36",), commands=ran)
    verdict = Unmet(
        condition, target, condition.describe(target), saw, now.snapshot, symptoms.find(now), proved=True
    )
    return explain.unmet(verdict, sources).findings


@pytest.mark.parametrize(
    ("condition", "strategy", "because"),
    [
        (
            fewer_ready_than(3),
            ROLLING,
            f"strategy.rollingUpdate.maxUnavailable is 1 ({FILE}:9): a ready Pod may",
        ),
        (fewer_ready_than(3), "    type: Recreate\n", f"strategy type Recreate ({FILE}:8) ends all old Pods"),
        (
            fewer_ready_than(3),
            "    rollingUpdate: {}\n",
            f"maxUnavailable is not given ({FILE}:8), and the default is 25%",
        ),
        (
            more_than(4),
            ROLLING,
            f"strategy.rollingUpdate.maxSurge is 3 ({FILE}:10): so many Pods may come on top",
        ),
        (
            mixed_images(),
            ROLLING,
            f"strategy.type is RollingUpdate ({FILE}:8): it starts new Pods while old ones work",
        ),
        (
            mixed_images(),
            "    rollingUpdate: {}\n",
            f"strategy.type is not given ({FILE}:7), and the default is Roll",
        ),
        (rollout_stalled(), ROLLING, "maxUnavailable is 1"),
        (
            deadline_exceeded(5),
            ROLLING,
            f"spec ({FILE}:6) has no progressDeadlineSeconds, and the default is 600",
        ),
    ],
)
def test_a_rollouts_numbers_are_found(
    tmp_path: Path, condition: Condition, strategy: str, because: str
) -> None:
    """The field of the strategy that let it happen, or its default."""
    findings = told(tmp_path, condition, text=DEPLOYMENT.replace(ROLLING, strategy))
    assert because in findings.because


def test_a_pause_is_found_in_the_file_or_in_a_command(tmp_path: Path) -> None:
    """Whoever paused the Deployment is named, with the line."""
    saw = "Deployment counter is paused"
    paused = DEPLOYMENT.replace("spec:\n  strategy", "spec:\n  paused: true\n  strategy")
    assert told(tmp_path, rolled_out(), saw=saw, text=paused).because.startswith(f"paused is true ({FILE}:7)")
    findings = told(tmp_path, rolled_out(), saw=saw, ran=(UNDO,))
    assert findings.because == "undo.sh:3 pauses it, and no kubectl rollout resume follows"
    assert findings.place == UNDO.place


def test_too_many_revisions_come_from_commands(tmp_path: Path) -> None:
    """Each of them began a rollout."""
    saw = "revision 1 with 0 Pods, revision 2 with 0 Pods, revision 3 with 1 Pod"
    found = (deployment(revision=3), replicaset(1), replicaset(2), replicaset(3, 1))
    findings = told(tmp_path, revisions(2), *found, saw=saw, ran=(UNDO,))
    assert findings.because.startswith(
        "each change of the Pod template was rolled out by itself after kubectl"
    )


def test_commands_are_told_where_nothing_else_is(tmp_path: Path) -> None:
    """What was run last, with its line."""
    findings = told(tmp_path, all_with_image("busybox:1.37"), target=PODS, ran=(UNDO,))
    assert findings.because == "after kubectl rollout pause deployment/counter (undo.sh:3)"


def test_the_labs_own_missing_image_is_not_the_learners(tmp_path: Path) -> None:
    """Where a command should have led away from it, the command is told."""
    bad = pod("bad", owner=SETS[1], ready=False, phase="Pending", statuses=[waiting("ErrImagePull")])
    bad["spec"]["containers"][0]["image"] = "busybox:22"
    target = Target("Deployment counter", "Deployment", lambda now: now.all("Deployment"), parts=_all)
    found = (deployment(), *SETS, bad)
    findings = told(tmp_path, rolled_out(), *found, target=target, ran=(UNDO,))
    assert (
        "busybox:22, which the lab set and no node has, is still asked for after kubectl rollout pause"
        in findings.because
    )
    assert "the lab itself asks for busybox:22" in told(tmp_path, rolled_out(), *found, target=target).because


@pytest.mark.parametrize(
    ("condition", "target", "because"),
    [
        (labelled(app="x"), PODS, f"the Pod template's labels ({FILE}:14): app=counter"),
        (
            labelled(app="x"),
            WHOLE,
            f"app stands in the Pod template's labels ({FILE}:14); the object's own labels",
        ),
        (
            annotated(author="x"),
            WHOLE,
            f"author stands among the labels ({FILE}:5); the object's own annotations are not",
        ),
        (annotated(contact="me"), WHOLE, f"contact stands in the Pod template's annotations ({FILE}:13)"),
        (change_cause(1, "x"), WHOLE, f"the object's own annotations are not given ({FILE}:3)"),
    ],
)
def test_metadata_is_told_from_both_places(
    tmp_path: Path, condition: Condition, target: Target, because: str
) -> None:
    """The object's own and the Pod template's are two things."""
    findings = told(tmp_path, condition, target=target)
    assert findings.because.startswith(because)
    assert "working-with-objects" in findings.read


def test_a_note_that_no_command_changes_is_told_so(tmp_path: Path) -> None:
    """A new revision keeps the old note, unless somebody annotates the Deployment."""
    because = told(tmp_path, change_cause(2, "x"), target=WHOLE, ran=(UNDO,)).because
    assert because.endswith("undo.sh:3 is the last line that was run, and none was kubectl annotate")
    note = replace(UNDO, words=("annotate", "deployment/counter", "a=b"))
    because = told(tmp_path, change_cause(2, "x"), target=WHOLE, ran=(note, UNDO)).because
    assert because.startswith("it is so after ")
    assert because.endswith("(undo.sh:3)")
    assert "none was kubectl annotate" not in because


@pytest.mark.parametrize(
    ("field", "message", "because"),
    [
        (
            "metadata.name",
            'Invalid value: "myX": a lowercase RFC 1123 subdomain must',
            f"myX is no name ({FILE}:4)",
        ),
        (
            "spec.template.labels",
            'Invalid value: "A B": a valid label must be',
            f"A B is no value of a label ({FILE}:5)",
        ),
        (
            "spec.strategy.rollingUpdate.maxUnavailable",
            "Invalid value: 0: may not be 0 when `maxSurge` is 0",
            f"maxUnavailable ({FILE}:9) and maxSurge ({FILE}:10) are both 0",
        ),
        (
            "spec.strategy.rollingUpdate",
            "Forbidden: may not be specified when strategy `type` is 'Recreate'",
            f"the strategy Recreate knows no numbers: rollingUpdate ({FILE}:9) must go",
        ),
    ],
)
def test_the_servers_rules_in_plain_words(tmp_path: Path, field: str, message: str, because: str) -> None:
    """What is refused most often is said without RFCs."""
    found: Any = wording.plain(document(tmp_path, DEPLOYMENT), parse_path(field), message)
    assert found[0].startswith(because)
    assert wording.plain(document(tmp_path, DEPLOYMENT), parse_path(field), "something else") is None
