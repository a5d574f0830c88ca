"""What a lab says of itself is known before it runs: names, images, commands, questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kindlings import course, manifests
from kindlings.desk import foreseen, syllabus
from kindlings.preflight import labs
from tests import mutants
from tests.unit.preflight_cases import DEPLOYMENT, POD, READ, READER, SERVICE, STATEFULSET, changed

if TYPE_CHECKING:
    from pathlib import Path

LESSON = """\
import pytest

@pytest.mark.kinds("Deployment", "StatefulSet")
@pytest.mark.commands("set image", "get -l")
def test_it(lab):
    web = lab.apply("web.yaml").deployment("web")
    lab.run("line.sh")
    web.pods.logs("web")
"""
LINE = "kubectl set image deployment/web web=kindlings/web:1.0"
QUESTIONS = """\
def test_it(lab):
    lab.prediction("answers.yaml").confirm("choosing", new_pod())
    lab.prediction("answers.yaml").confirm("nodes", number_of_nodes())
"""


def said(folder: Path, lesson: str = LESSON, **files: str) -> list[str]:
    """Return what is foreseen of these files ("web" is web.yaml), each finding as level, place, message."""
    (folder / "test_one.py").write_text(lesson)
    (exercise,) = syllabus.read(folder / "test_one.py")
    contents = {"web.yaml": DEPLOYMENT, "line.sh": LINE}
    contents |= {name.replace("_", "."): text for name, text in files.items()}
    for name, text in contents.items():
        (folder / name).write_text(text)
    return [f"{one.level} {one.place} {one.message}" for one in foreseen.of(exercise, folder)]


def test_what_the_lab_asks_for_is_there(tmp_path: Path) -> None:
    """Nothing is said of files that have what the lab asks for."""
    assert said(tmp_path) == []


@pytest.mark.parametrize("folder", sorted(course.solutions().glob("module*")), ids=lambda path: path.name)
def test_nothing_is_foreseen_of_a_solution(folder: Path) -> None:
    """No lesson of the course has anything to say of its solution before it runs."""
    for source in sorted((course.exercises() / folder.name).glob("test_*.py")):
        for exercise in syllabus.read(source):
            assert foreseen.of(exercise, folder) == [], exercise.key


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "metadata:\n  name: web",
            "metadata:\n  name: wbe",
            "warning web.yaml:4 the lab asks for Deployment web, and this is called wbe",
        ),
        (
            "kind: Deployment",
            "kind: ReplicaSet",
            "warning web.yaml:2 the lab takes Deployment and StatefulSet, and this is a ReplicaSet",
        ),
        (
            "kind: Deployment",
            "kind: StatefulSet",
            "warning web.yaml:2 the lab asks for Deployment web, and this is a StatefulSet",
        ),
        (
            "- name: web",
            "- name: server",
            "warning web.yaml:20 the lab asks for the container web, and the Pods have server (web.yaml:20)",
        ),
        (
            "kindlings/web:1.0",
            "kindlings/web:2.0",
            "warning web.yaml:21 no node has the image kindlings/web:2.0; the course has kindlings/web:1.0",
        ),
    ],
)
def test_what_the_lab_asks_for_is_missed(tmp_path: Path, old: str, new: str, message: str) -> None:
    """An object, a container or an image that is called otherwise is told at its line."""
    assert message in said(tmp_path, web_yaml=changed(DEPLOYMENT, (old, new)))


COUNTED = """\
def test_it(lab):
    lab.apply("web.yaml")
    lab.service("web").wait(node_port(32000))
    lab.deployment("web").pods.wait(ready(3))
    lab.deployment("web").pods.wait(ready(4))
"""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("", ""), ""),
        (
            ("replicas: 3", "replicas: 2"),
            "the lab waits for 3 ready Pods of Deployment web, and replicas is 2",
        ),
        (
            ("  replicas: 3\n", ""),
            "the lab waits for 3 ready Pods of Deployment web, and without replicas there is 1",
        ),
        (("nodePort: 32000", "nodePort: 32001"), "the lab asks at node port 32000, and nodePort is 32001"),
        (("      nodePort: 32000\n", ""), "the lab asks at node port 32000, and the port has no nodePort"),
    ],
)
def test_the_lab_s_numbers_are_known(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    """How many ready Pods are waited for at first, and where a node port is asked, is held against files."""
    web = changed(f"{DEPLOYMENT}---\n{SERVICE}", change)
    found = said(tmp_path, COUNTED, web_yaml=web)
    assert [one.split(" ", 2)[2] for one in found] == ([message] if message else [])


@pytest.mark.parametrize(
    ("container", "message"),
    [
        ("image: busybox:1.37", "warning web.yaml:20 the container web has neither command nor args"),
        ("image: busybox:1.37\n          args: [sleep, '9']", ""),
        ("image: busybox:1.37\n          stdin: true", ""),
        (
            "image: kindlings/web:1.0\n          command: [/bin/sh, -c, env]",
            "warning web.yaml:21 kindlings/web:1.0 has no /bin/sh: it holds one program and no shell",
        ),
        ("image: kindlings/web:1.0\n          args: [backend]", ""),
    ],
)
def test_the_course_s_images_are_known(tmp_path: Path, container: str, message: str) -> None:
    """A busybox with nothing to do, and a shell in the image that has none, cannot go on."""
    web = changed(DEPLOYMENT, ("image: kindlings/web:1.0", container))
    assert said(tmp_path, web_yaml=web) == ([message] if message else [])


def test_what_is_in_no_file_is_missed(tmp_path: Path) -> None:
    """An object that no file seems to mean is told with those that the files have."""
    lesson = changed(LESSON, ('.deployment("web")', '.service("front")'))
    what = "warning web.yaml:1 the lab asks for Service front, and the files have Deployment web (web.yaml:4)"
    assert what in said(tmp_path, lesson)


def test_a_statefulset_makes_pods_and_claims(tmp_path: Path) -> None:
    """What a StatefulSet will make is there, by name and number; what it will not make is missed."""
    lesson = (
        "def test_it(lab):\n    lab.apply('web.yaml').statefulset('peers')\n"
        "    lab.pod('peers-0')\n    lab.pvc('data-peers-1')\n    lab.pod('peers-a')\n"
    )
    peers = changed(STATEFULSET, ("busybox:1.37", "busybox:1.37\n          args: [sleep, '9']"))
    [found] = said(tmp_path, lesson, web_yaml=peers)
    assert "the lab asks for Pod peers-a, and the files have StatefulSet peers" in found


def test_a_file_that_cannot_be_read_hides_what_is_in_it(tmp_path: Path) -> None:
    """Nothing is missed while one of the files cannot be read; what is wrong in the others is told."""
    lesson = changed(LESSON, ('"web.yaml"', '"web.yaml", "pod.yaml"'))
    pod = changed(POD, ("image:", "imgae:"))
    found = said(tmp_path, lesson, web_yaml="a: [", pod_yaml=pod)
    assert [one.split()[1] for one in found] == ["web.yaml:1", "pod.yaml:13"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("kubectl delete pod web", "error line.sh:1 kubectl delete (line.sh:1): this lab takes"),
        ("kubectl get pods -o wide", "error line.sh:1 -o (line.sh:1): here kubectl get takes -l"),
        ("kubectl get pdos -l app=web", "warning line.sh:1 kubectl knows no kind of object pdos"),
        (
            "kubectl set image deployment/wbe web=kindlings/web:1.0",
            "warning line.sh:1 the files have no Deployment wbe; they have Deployment web (web.yaml:4)",
        ),
        (
            "kubectl set image deployment web wbe=kindlings/web:1.0",
            "warning line.sh:1 there is no container wbe; the Pods have web",
        ),
        (
            "kubectl set image deployment/web web=kindlings/web:9",
            "warning line.sh:1 no node has the image kindlings/web:9; the course has",
        ),
    ],
)
def test_a_command_is_held_against_the_lab(tmp_path: Path, line: str, message: str) -> None:
    """A command that the lab refuses is an error; one about what the files do not have is a warning."""
    [found] = said(tmp_path, line_sh=line)
    assert found.startswith(message)


def test_no_command_is_taken_for_wrong_without_need(tmp_path: Path) -> None:
    """Short names of kinds, groups behind them, several objects and labels are what kubectl takes."""
    lines = "kubectl get deploy,po -l app=web\nkubectl set image deployment.apps/web *=kindlings/web:1.0\n"
    assert said(tmp_path, line_sh=lines.replace("*=", "'*'=")) == []


@pytest.mark.parametrize(
    ("answers", "messages"),
    [
        ("choosing: {component: kube-scheduler, outcome: gets-no-node}\nnodes: 3\n", []),
        (
            "choosing: {component: kube-scheduler, outcome: gets-no-ndoe}\nnodes: 3\n",
            ["outcome of choosing is gets-no-ndoe, which is none of runs, gets-no-node, is-not-started"],
        ),
        (
            "choosing: {outcome: runs}\nnodes:\n",
            ["there is no answer to component of choosing", "there is no answer to nodes"],
        ),
    ],
)
def test_answers_are_looked_at(tmp_path: Path, answers: str, messages: list[str]) -> None:
    """A question without an answer, and an answer that is none of the words to choose from, are told."""
    found = said(tmp_path, QUESTIONS, answers_yaml=answers)
    assert [one.split(" ", 2)[2] for one in found] == messages


def test_a_lesson_that_was_edited_does_no_harm(tmp_path: Path) -> None:
    """A verb that no lab can allow, in a test that lies in the learner's folder, is not taken for one."""
    [found] = said(tmp_path, changed(LESSON, ('"set image"', '"exec"')), line_sh="kubectl exec web -- sh")
    assert "this lab takes kubectl get" in found


def checked(*paths: Path) -> list[str]:
    """Return what `kindlings check --static` says of these paths, a finding a line, without the folder."""
    report = foreseen.check(paths)
    return [
        f"{one.level} {one.place} {one.message}".replace(f"{paths[0].parent}/", "") for one in report.findings
    ]


def test_a_learner_s_file_is_looked_at_with_its_lab(tmp_path: Path) -> None:
    """A file beside the test that takes it is held against that, and against what is applied with it."""
    said(tmp_path, web_yaml=changed(DEPLOYMENT, ("kindlings/web:1.0", "nginx")))
    [found] = checked(tmp_path / "web.yaml")
    assert found.startswith("warning web.yaml:21 no node has the image nginx")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "web.yaml").rename(elsewhere / "web.yaml")
    assert checked(elsewhere / "web.yaml") == []


def test_what_another_file_of_the_lab_has_is_not_missed(tmp_path: Path) -> None:
    """A file alone is not said to lack what the lab applies from another file."""
    lesson = changed(LESSON, ('"web.yaml"', '"web.yaml", "read.yaml"'))
    said(tmp_path, lesson, web_yaml=f"{DEPLOYMENT}---\n{READER}", read_yaml=READ)
    assert [one for one in checked(tmp_path / "web.yaml") if "the files have no" in one] == []


def test_a_folder_of_the_course_is_looked_at_whole(tmp_path: Path) -> None:
    """Files of commands are among the files of a folder, and what two labs say of one line comes once."""
    lesson = LESSON + LESSON.partition("\n\n")[2].replace("test_it", "test_again")
    folder = tmp_path / "module1"
    folder.mkdir()
    (folder / "test_one.py").write_text(lesson)
    (folder / "web.yaml").write_text(DEPLOYMENT)
    (folder / "line.sh").write_text("kubectl scale deployment/web --replicas=2")
    (folder / "test_broken.py").write_text("def broken(")
    report = foreseen.check([folder])
    [found] = report.findings
    assert found.place.file == str(folder / "line.sh")
    assert "this lab takes kubectl set image or kubectl get" in found.message
    assert (report.objects, len(report.texts)) == (1, 2)


def test_no_value_in_any_field_is_too_much_for_a_lab(tmp_path: Path) -> None:
    """Whatever stands in whatever field, the lab's questions to it have an answer, at a place in the file."""
    path = tmp_path / "web.yaml"
    path.write_text(f"{DEPLOYMENT}---\n{SERVICE}---\n{STATEFULSET}---\n{POD}")
    named = ("Deployment", "Service", "StatefulSet", "Pod", "PersistentVolumeClaim")
    lab = labs.Lab([(kind, "web-0") for kind in named], ["other"], named, ["busybox:1.36"], [32001], 7)
    documents = manifests.read(path).documents
    said = [
        one
        for document in documents
        for _, mutant in mutants.of(document)
        for one in labs.check([mutant, *documents], lab)
    ]
    assert {one.place.file for one in said} == {"web.yaml"}
    assert all(one.message and one.mend for one in said)
