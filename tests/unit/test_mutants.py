"""A mutant is a solution with one edit, and is called the same each time."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from kindlings import course
from kindlings.authoring import free, judging, mutants, mutating, reporting, running, values
from kindlings.authoring.judging import Outcome, Verdict
from kindlings.authoring.mutants import Derived, Mutant
from kindlings.cluster import up
from kindlings.console import PlainProgress
from kindlings.errors import Findings, Place, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kindlings.progress import Progress

SERVICE = """\
# The Service.
apiVersion: v1
kind: Service
metadata:
  name: golang
spec:
  type: NodePort
  selector:
    app: application
    tier: web
  ports:
    # Who asks says 80.
    - port: 80
      targetPort: 8080
---
apiVersion: v1
kind: Pod
metadata: {name: one}
spec:
  hostNetwork: false
  containers:
    - name: web
      image: busybox:1.36
      args: [sleep, "3600"]
    - name: script
      image: busybox:1.36
      args:
        - |
          echo hello
          sleep 3600
"""


@pytest.fixture(name="derived", scope="module")
def derive(tmp_path_factory: pytest.TempPathFactory) -> Derived:
    """Give the mutants of the Service and the Pod above."""
    path = tmp_path_factory.mktemp("module1") / "golang.yaml"
    path.write_text(SERVICE, encoding="utf-8")
    found = Derived()
    mutants._derive("module1", path, found)
    return found


def text_of(derived: Derived, suffix: str) -> str:
    """Return the text of the one mutant whose id ends so."""
    [found] = [one.text for one in derived.mutants if one.id == f"module1/golang.yaml:{suffix}"]
    return found


def data_of(derived: Derived, suffix: str) -> list[dict[str, Any]]:
    """Return the documents of the one mutant whose id ends so."""
    return list(yaml.safe_load_all(text_of(derived, suffix)))


def test_a_field_goes_with_its_block_and_its_comments(derived: Derived) -> None:
    """A field is removed with all that stands in it, and nothing else is."""
    service, _ = data_of(derived, "11:remove:spec.ports")
    assert service["spec"] == {"type": "NodePort", "selector": {"app": "application", "tier": "web"}}
    assert "Who asks" not in text_of(derived, "11:remove:spec.ports")


def test_the_first_field_of_an_item_goes_without_its_dash(derived: Derived) -> None:
    """What stands behind a dash is removed, and the item keeps its other fields."""
    service, pod = data_of(derived, "13:remove:spec.ports.0.port")
    assert service["spec"]["ports"] == [{"targetPort": 8080}]
    _, pod = data_of(derived, "25:remove:spec.containers.1")
    assert [one["name"] for one in pod["spec"]["containers"]] == ["web"]
    _, pod = data_of(derived, "18:remove:metadata.name")
    assert pod["metadata"] == {}


@pytest.mark.parametrize(
    ("suffix", "line"),
    [
        ("6:key:spec=spce", "spce:"),
        ("7:value:spec.type=NodeoPrt", "  type: NodeoPrt"),
        ("7:choice:spec.type=LoadBalancer", "  type: LoadBalancer"),
        ("13:port:spec.ports.0.port=8080", "    - port: 8080"),
        ('14:text:spec.ports.0.targetPort="8080"', '      targetPort: "8080"'),
        ("20:value:spec.hostNetwork=true", "  hostNetwork: true"),
        ("24:number:spec.containers.0.args.1=3600", "      args: [sleep, 3600]"),
        ('24:value:spec.containers.0.args.1="3601"', '      args: [sleep, "3601"]'),
        ("23:image:spec.containers.0.image=busybox:0.0", "      image: busybox:0.0"),
        ("23:image:spec.containers.0.image=kindlings/web:1.0", "      image: kindlings/web:1.0"),
        ("29:word:spec.containers.1.args.0+1", "          ecoh hello"),
        ("8:indent:spec.selector", "    selector:"),
        ("8:dedent:spec.selector", "selector:"),
    ],
)  # fmt: skip
def test_a_line_is_another_one(derived: Derived, suffix: str, line: str) -> None:
    """Each operator changes its line alone."""
    before, after = SERVICE.splitlines(), text_of(derived, suffix).splitlines()
    [changed] = [new for old, new in zip(before, after, strict=True) if old != new]
    assert changed == line


def test_labels_change_places(derived: Derived) -> None:
    """The values of two labels are swapped."""
    service, _ = data_of(derived, "9:swap:spec.selector.app,tier")
    assert service["spec"]["selector"] == {"app": "web", "tier": "application"}


def test_a_key_stands_twice(derived: Derived) -> None:
    """A mapping's first field is repeated in the line below it, in the same column."""
    text = text_of(derived, "13:duplicate-key:spec.ports.0.port")
    assert "    - port: 80\n      port: 80\n      targetPort: 8080\n" in text


def test_a_document_and_a_line_of_a_script_go(derived: Derived) -> None:
    """Of two documents one is left, and of a script's two lines one."""
    [pod] = [one for one in data_of(derived, "2:remove-document:Service golang") if one]
    assert pod["kind"] == "Pod"
    _, pod = data_of(derived, "29:remove-line:spec.containers.1.args.0+1")
    assert pod["spec"]["containers"][1]["args"] == ["sleep 3600\n"]


def test_what_says_the_same_is_no_mutant(derived: Derived) -> None:
    """An edit that leaves the objects as they are is left out with the reason; no two mutants are alike."""
    assert derived.equivalent["module1/golang.yaml:5:indent:metadata.name"] == "the same objects"
    assert len({one.text for one in derived.mutants}) == len(derived.mutants)
    assert SERVICE not in {one.text for one in derived.mutants}


def test_a_gone_field_may_be_named_by_what_it_stood_in(derived: Derived) -> None:
    """A message about a field that is gone names one of the objects that lack it, any other its own line."""
    named = {one.id.partition(":")[2]: one.named for one in derived.mutants}
    assert named["14:remove:spec.ports.0.targetPort"] == {2, 6, 11, 13}
    assert named["14:key:spec.ports.0.targetPort=targePtort"] == {14}


def test_commands_lose_lines_flags_and_letters(tmp_path: Path) -> None:
    """Of kubectl lines a line goes, a flag goes, a verb has a typo, a value is another one."""
    path = tmp_path / "history.sh"
    path.write_text(
        "# Why.\nkubectl rollout undo deployment/counter --to-revision=1\nkubectl get pods -l app=x\n"
    )
    found = Derived()
    mutants._derive("module3", path, found)
    lines = {one.id.partition(":")[2]: one.text.splitlines()[1] for one in found.mutants}
    assert lines["2:verb:undo~unod"] == "kubectl rollout unod deployment/counter --to-revision=1"
    assert lines["2:remove:--to-revision=1"] == "kubectl rollout undo deployment/counter"
    assert lines["2:value:--to-revision=1~2"] == "kubectl rollout undo deployment/counter --to-revision=2"
    assert lines["2:about:deployment/counter~coutner"].startswith("kubectl rollout undo deployment/coutner ")
    assert lines["2:swap:lines"] == "kubectl get pods -l app=x"
    [without] = [one.text for one in found.mutants if one.detail == "-l"]
    assert without.endswith("kubectl get pods\n")


def test_the_course_has_mutants_with_names_of_their_own() -> None:
    """No two mutants of the course have one id, and the same ones come in the same order each time."""
    ids = [one.id for one in mutants.derive(["module1", "module2"]).mutants]
    assert len(ids) == len(set(ids)) > 500
    assert ids == [one.id for one in mutants.derive(["module1", "module2"]).mutants]
    assert {one.partition("/")[0] for one in ids} == {"module1", "module2"}


def test_a_file_or_a_mutant_may_be_chosen() -> None:
    """A module's file, and a single mutant, are chosen by name; a name that is nobody's is refused."""
    of_a_file = mutants.derive(["module2/orphan.yaml"]).mutants
    assert {one.file for one in of_a_file} == {"orphan.yaml"}
    assert mutants.derive([of_a_file[7].id]).mutants == [of_a_file[7]]
    with pytest.raises(UsageError, match="No mutant is of module99"):
        mutants.derive(["module99"])


def test_a_sample_takes_of_each_module_as_many() -> None:
    """A sample is the same one for the same seed, and another one for another seed."""
    every = mutants.derive(["module1", "module2"]).mutants
    taken = mutants.sample(every, 4, seed=1)
    assert sorted(one.module for one in taken) == ["module1", "module1", "module2", "module2"]
    assert taken == mutants.sample(every, 4, seed=1) != mutants.sample(every, 4, seed=2)


def test_a_typo_is_another_word() -> None:
    """A typo changes every word and text, whatever it is made of."""
    for word in ("app", "a", "-c", "aaaa", "1Gi", "foo.bar", "v1", "*"):
        assert values.changed(word) != word
    assert values.changed("1Gi") == "2Gi"
    assert values.mistyped("  i=$((i + 1))\n") == "  i=$((i + 1)*\n"


MUTANT = Mutant("module5", "golang-svc.yaml", 8, "value", "spec.selector.app=x", "", frozenset({8}))


@pytest.mark.parametrize(
    ("because", "place", "named"),
    [
        ("it selects app=x (golang-svc.yaml:8), the Pod has app=y (api.yaml:12)", None, True),
        ("it selects app=x (golang-svc.yaml:7)", None, False),
        ("it selects app=x (my-golang-svc.yaml.yaml:8)", None, False),
        ("line 8 cannot be read", Place("golang-svc.yaml", 8), True),
        ("line 8 cannot be read", Place("api.yaml", 8), False),
        ("", Place("golang-svc.yaml", 8), False),
    ],
)
def test_a_message_names_a_line_by_its_because(because: str, place: Place | None, named: bool) -> None:  # noqa: FBT001 - a table
    """The file and the line must stand in the because line, or the line there and the file in the heading."""
    assert judging.names(Findings("a", "b", because, place=place), MUTANT) is named


def test_a_test_uses_the_files_that_it_names() -> None:
    """Which tests a mutant is run against is read from the tests themselves."""
    using = [one.function.__name__ for one in judging.tests("module3") if one.uses("scale.sh")]
    assert using == ["test_scaling_keeps_the_pod_that_is_there"]
    every = judging.tests("module0")
    assert {one.uses("predictions.yaml") for one in every} == {True, False}
    for module in mutants.modules():
        for path in mutants.files(module):
            assert any(one.uses(path.name) for one in judging.tests(module)), path


def test_a_module_s_marker_is_every_test_s() -> None:
    """A lesson is judged with the markers of its file, too."""
    assert {one.about.kinds for one in judging.tests("module3")} == {("Deployment",)}


@pytest.fixture(name="declared")
def declare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the file of free mutants of module 5, in a course of the test's own."""
    monkeypatch.setattr(course, "solutions", lambda: tmp_path)
    (tmp_path / "module5").mkdir()
    return tmp_path / "module5" / mutants.FREE


def report(outcome: Outcome, **more: object) -> reporting.Report:
    """Return a report on the one mutant."""
    verdict = Verdict(MUTANT.id, outcome, "test_it", 2.0, **more)  # type: ignore[arg-type] # a test's
    return reporting.Report([MUTANT], {MUTANT.id: verdict}, frozenset({"module5"}))


def test_a_survivor_is_free_for_a_reason(declared: Path) -> None:
    """A survivor is to be dealt with unless an entry covers it; an entry for what is killed is a mistake."""
    assert report(Outcome.SURVIVED).survivors == [MUTANT]
    declared.write_text('"golang-svc.yaml:*:value:spec.selector.*": nobody looks\n')
    assert report(Outcome.SURVIVED).is_well
    [complaint] = report(Outcome.KILLED).complaints
    assert complaint.endswith(f"covers {MUTANT.id}, which is killed")
    assert not report(Outcome.KILLED).is_well


def test_an_entry_that_covers_nothing_is_a_mistake(declared: Path) -> None:
    """Once all of a module is judged, an entry must cover a mutant; and the file must be readable."""
    declared.write_text('"other.yaml:*": gone\n')
    assert report(Outcome.KILLED).complaints == [f"module5/{mutants.FREE}: other.yaml:* covers no mutant"]
    declared.write_text("- other.yaml")
    with pytest.raises(UsageError, match="cannot be read"):
        free.read("module5")


def test_the_report_ends_with_the_numbers(declared: Path) -> None:
    """The last line has the shares of what was killed, free and named, and the seconds to the verdict."""
    assert not declared.exists()
    lines = list(report(Outcome.KILLED, message="module5 · x").lines())
    assert lines[0].startswith(f"unnamed   {MUTANT.id} by test_it")
    assert lines[-1] == (
        "module5: 1 of 1 mutants judged, 1 (100.0%) killed, 0 (0.0%) free (0 of them the same object), "
        "0 survived, 0 errors; 0 (0.0%) named; verdict after 2.0 s (median), 2.0 s (95 %)"
    )
    assert "error     " in next(report(Outcome.ERROR, message="Traceback").lines())


def test_what_was_judged_is_not_judged_again(tmp_path: Path, declared: Path) -> None:
    """A verdict holds until the mutant or its tests change; an error never does."""
    assert not declared.exists()
    path = tmp_path / "out.json"
    reporting.write(path, report(Outcome.KILLED, named=True), Derived([MUTANT]))
    assert reporting.read(path, [MUTANT])[MUTANT.id].named
    other = Mutant("module5", MUTANT.file, 8, "value", MUTANT.detail, "another text", MUTANT.named)
    assert reporting.read(path, [other]) == {}
    reporting.write(path, report(Outcome.ERROR), Derived([MUTANT]))
    assert reporting.read(path, [MUTANT]) == {}
    path.write_text(json.dumps({"verdicts": [{}]}))
    with pytest.raises(UsageError, match="holds no verdicts"):
        reporting.read(path, [MUTANT])


def test_a_run_that_is_killed_has_written_most_of_its_verdicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Verdicts are written while others are still to come, and not only at the end."""
    out, written = tmp_path / "out.json", []

    def run(left: Sequence[Mutant], _: Progress, jobs: int, minutes: float | None) -> Iterator[Verdict]:
        assert (jobs, minutes) == (4, None)
        for one in left:
            written.append(len(json.loads(out.read_text())["verdicts"]) if out.exists() else 0)
            yield Verdict(one.id, Outcome.KILLED)

    monkeypatch.setattr(running, "run", run)
    monkeypatch.setattr(up, "up", lambda _: None)
    derived = mutants.derive(["module2"])
    progress = PlainProgress(io.StringIO())

    mutating.judge(derived, derived.mutants[:60], mutating.Options(out=out), progress)

    assert set(written) == {0, 25, 50}
    assert len(reporting.read(out, derived.mutants)) == 60
