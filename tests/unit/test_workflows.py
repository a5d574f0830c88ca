"""The templates' workflows, each step run as on its platform, in a clean clone with real runs of pytest."""

from __future__ import annotations

import base64
import csv
import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.installed import FILES, install
from tests.unit.test_templates import TEMPLATES
from tests.unit.test_writers import reported
from tests.unit.workflow import Runner, Step, jobs

if TYPE_CHECKING:
    from pathlib import Path

STUDENT = TEMPLATES / "student" / ".github" / "workflows" / "grade.yml"
CLASS = TEMPLATES / "class" / ".github" / "workflows" / "grade-class.yml"
GOOD, UNTOUCHED, BROKEN = ("good",) * 3, ("TODO",) * 3, ("good", "good", "broken")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of a package whose course is one small module 2."""
    for name in ("STATE", "CACHE"):
        monkeypatch.setenv(f"KINDLINGS_{name}_DIR", str(tmp_path / name.lower()))
    return install(tmp_path, monkeypatch, called="module2").parent


def write(folder: Path, texts: tuple[str, ...]) -> Path:
    """Write the files of the small course, in their order."""
    folder.mkdir(parents=True)
    for name, text in zip(FILES, texts, strict=True):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def nothing(_step: Step, _checkout: Path) -> None:
    """Stand for an action that prepares what is there."""


def student(tmp_path: Path, site: Path, texts: tuple[str, ...]) -> tuple[str, dict[str, Any], str]:
    """Run the student's workflow over a clone; return which step failed, the report, and the page."""
    origin, told = tmp_path / "origin", list[str]()
    shutil.copytree(TEMPLATES / "student", origin)
    write(origin / "exercises" / "module2", texts)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(origin)]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Hand in"]):
        subprocess.run([*git, *words], check=True)

    def checkout(_step: Step, folder: Path) -> None:
        subprocess.run([git[0], "clone", "-q", str(origin), str(folder)], check=True)

    def reporter(step: Step, _checkout: Path) -> None:
        told.append(step["env"][f"{step['with']['runners'].upper()}_RESULTS"])

    actions = {
        "actions/checkout": checkout,
        "actions/setup-python": nothing,
        "classroom-resources/autograding-grading-reporter": reporter,
    }
    machine = Runner(tmp_path / "machine", site, actions)
    failed = machine.run(jobs(STUDENT)["grade"]["steps"])
    page = machine.summary.read_text(encoding="utf-8") if machine.summary.exists() else ""
    return failed, json.loads(base64.b64decode(told[0])) if told else {}, page


@pytest.mark.parametrize(
    ("texts", "status", "points", "title"),
    [
        (GOOD, "pass", (7, 7), "### 7 of 7 points"),
        (UNTOUCHED, "fail", (0, 7), "### 0 of 7 points"),
        (BROKEN, "error", (0, 0), "### Not graded"),
    ],
    ids=["good", "untouched", "broken"],
)
def test_a_push_is_graded_and_reported(
    site: Path, tmp_path: Path, texts: tuple[str, ...], status: str, points: tuple[int, int], title: str
) -> None:
    """All points, none, and no total at all where the cluster has failed: the job goes on to the reporter."""
    failed, told, page = student(tmp_path, site, texts)
    assert failed == ""
    assert page.startswith(f"{title}\n")
    assert told["status"] == status
    assert reported([told]) == points


def test_a_course_without_the_module_ends_the_job(tmp_path: Path, site: Path) -> None:
    """A mistake of the instructor's is no result: the reporter is given nothing."""
    (site / "kindlings" / "_course" / "exercises" / "module2").rename(site / "module3")
    failed, told, _ = student(tmp_path, site, GOOD)
    assert (failed, told) == ("kindlings", {})


class Platform:
    """What the jobs of a workflow hand to each other: artifacts."""

    def __init__(self, folder: Path, site: Path) -> None:
        """Keep artifacts, and the machines of the jobs, in `folder`."""
        self.folder, self._site, self._machines = folder / "artifacts", site, folder / "machines"

    def upload(self, step: Step, checkout: Path) -> None:
        """Keep a folder under the step's name."""
        shutil.copytree(checkout / step["with"]["path"], self.folder / step["with"]["name"])

    def download(self, step: Step, checkout: Path) -> None:
        """Give every artifact a folder of its name."""
        shutil.copytree(self.folder, checkout / step["with"]["path"])

    def machine(self, called: str, fetch: Any = nothing) -> Runner:
        """Return a machine for one job, whose checkout is what `fetch` makes."""
        actions = {
            "actions/checkout": fetch,
            "actions/setup-python": nothing,
            "actions/upload-artifact": self.upload,
            "actions/download-artifact": self.download,
        }
        return Runner(self._machines / called, self._site, actions)


def class_of(**handed_in: tuple[str, ...]) -> Any:
    """Return what makes a checkout with these students' submissions and the table of them."""

    def fetch(_step: Step, checkout: Path) -> None:
        rows = "".join(f"{name},given/{name}\n" for name in handed_in)
        (checkout / "students.csv").write_text(f"name,path\n{rows}", encoding="utf-8")
        for name, texts in handed_in.items():
            write(checkout / "given" / name, texts)

    return fetch


def test_a_class_is_graded_in_shards_and_merged(site: Path, tmp_path: Path) -> None:
    """Each student is in one shard and in the table of all, also where shards outnumber the students."""
    workflow, platform = jobs(CLASS), Platform(tmp_path, site)
    fetch = class_of(ada=GOOD, bob=BROKEN, cyd=UNTOUCHED)
    ends = []
    for shard in workflow["grade"]["strategy"]["matrix"]["shard"]:
        machine = platform.machine(f"shard-{shard}", fetch)
        machine.values["matrix.shard"] = str(shard)
        steps = [step for step in workflow["grade"]["steps"] if step.get("name") != "Fetch the submissions"]
        ends.append(bool(machine.run(steps)))
    assert (
        platform.machine("merge").run(workflow["merge"]["steps"]) != ""
    )  # bob is not graded, and it says so
    assert ends == [False, True, False, False]
    with (platform.folder / "grades" / "grades.csv").open(encoding="utf-8", newline="") as stream:
        table = {row["student"]: (row["score"], row["status"]) for row in csv.DictReader(stream)}
    assert table == {"ada": ("7", "graded"), "bob": ("", "infrastructure-error"), "cyd": ("0", "graded")}


def test_a_class_whose_submissions_nobody_fetches_is_not_graded(site: Path, tmp_path: Path) -> None:
    """The template as it is ends before a cluster is made."""
    steps = [step for step in jobs(CLASS)["grade"]["steps"] if step.get("if") != "always()"]
    assert Platform(tmp_path, site).machine("one").run(steps) == "Fetch the submissions"
