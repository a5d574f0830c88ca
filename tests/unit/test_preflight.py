"""Preflight as a whole: good manifests are left alone, files are read and put in order."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from kindlings import course, manifests, preflight
from kindlings.errors import UsageError
from kindlings.preflight import enums, fields, kinds, schemas
from tests import mutants
from tests.unit.preflight_cases import DEPLOYMENT, POD, SERVICE, changed, examined, said

VALID = sorted((Path(__file__).parent / "valid_manifests").glob("*.yaml"))
SOLUTIONS = sorted(course.solutions().glob("module*"))


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_manifest_has_no_finding(path: Path) -> None:
    """What the API server takes, and does what was meant, is not mentioned."""
    assert said(preflight.check([path]).findings) == []


def test_the_corpus_is_varied() -> None:
    """There are at least 25 valid manifests, of at least 25 kinds."""
    found = {document.kind for path in VALID for document in manifests.read(path).documents}
    assert len(VALID) >= 25
    assert len(found) >= 25


@pytest.mark.parametrize("folder", SOLUTIONS, ids=lambda path: path.name)
def test_solutions_have_no_finding(folder: Path) -> None:
    """A module's solutions, all of them together, have neither an error nor a warning."""
    report = preflight.check([folder])
    assert said(report.findings) == []
    assert report.objects > 0 or report.left_out


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_no_value_in_any_field_is_too_much(path: Path) -> None:
    """Whatever stands in whatever field (every seventh change), it is judged, at a place in the file."""
    for document in manifests.read(path).documents:
        for what, mutant in itertools.islice(mutants.of(document), 0, None, 7):
            for one in preflight.examine([mutant]):
                assert one.place.file == path.name, what
                assert one.place.line > 0, what
                assert one.message, what
                assert one.mend, what


def test_the_tables_speak_of_fields_that_exist() -> None:
    """Each definition and field that is treated specially is one of the schemas."""
    named: dict[str, list[set[str]]] = {}
    for name, schema in schemas.definitions().items():
        named.setdefault(schemas.short(name), []).append(set(schema.get("properties") or {}))
    demanded = [f"{holder}.{field}" for holder, names in fields.DEMANDED.items() for field in names]
    for entry in (*enums.WORDS, *fields.NOT_DEMANDED, *demanded):
        holder, _, field = entry.removesuffix("[]").partition(".")
        assert any(field in found for found in named[holder]), entry


def test_no_kind_is_called_removed_that_is_served() -> None:
    """What stands in the table of removed apiVersions is in no schema."""
    assert not set(kinds.REMOVED) & set(schemas.kinds())


def test_schemas_are_those_of_the_cluster() -> None:
    """The version of the schemas is that of the course's cluster."""
    assert schemas.version() == "1.36"


def test_nothing_heavy_is_imported() -> None:
    """Preflight imports neither jsonschema nor the Kubernetes client, which take longer than its checks."""
    code = (
        "import sys; from pathlib import Path; from kindlings import preflight; "
        f"preflight.check([Path({str(VALID[0])!r})]); "
        "print([name for name in ('jsonschema', 'kubernetes', 'kubernetes_validate') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_findings_come_by_file_and_line(tmp_path: Path) -> None:
    """The order is that of the files as they were named, then of their lines, and nothing comes twice."""
    pod = changed(POD, ("name: web\n  labels", "name: Web\n  labels"), ("image:", "imgae:"))
    report = preflight.check(
        _written(tmp_path, **{"b.yaml": pod, "a.yaml": changed(SERVICE, ("port: 80\n", "port: 0\n"))})
    )
    lines = [(Path(one.place.file).name, one.place.line) for one in report.findings]
    assert lines == [("b.yaml", 4), ("b.yaml", 13), ("a.yaml", 10)]


def test_a_file_that_cannot_be_read_keeps_no_other_from_being_examined(tmp_path: Path) -> None:
    """Its finding is in the words of the reader; what may stand in it is not missed elsewhere."""
    service = changed(SERVICE, ("app: web", "app: other"), ("32000", "9090"))
    broken = "kind: Pod\n spec: {}\n"
    paths = _written(tmp_path, **{"broken.yaml": broken, "service.yaml": service, "pod.yaml": POD})
    report = preflight.check(paths)
    assert [(one.rule, Path(one.place.file).name, one.place.line) for one in report.findings] == [
        ("unreadable", "broken.yaml", 2),
        ("node-port", "service.yaml", 12),
    ]
    assert "colon" in report.findings[0].what


def test_files_are_examined_together(tmp_path: Path) -> None:
    """A Service in one file is compared with the Pods in another."""
    service = changed(SERVICE, ("app: web", "app: wbe"))
    assert said(examined(tmp_path, service, DEPLOYMENT)) == [
        "warning a.yaml:8:5 the Service selects app=wbe, and no Pod of the files carries that: "
        "the Pods of Deployment web carry app=web (b.yaml:17)"
    ]


def test_a_folder_stands_for_its_manifests(tmp_path: Path) -> None:
    """All *.yaml and *.yml of a folder are examined; what is no Kubernetes object is left out."""
    _written(tmp_path, **{"a.yaml": POD, "b.yml": SERVICE, "answers.yaml": "nodes: 3\n", "c.txt": "x"})
    report = preflight.check([tmp_path])
    assert report.findings == []
    assert report.objects == 2
    assert [Path(one).name for one in report.left_out] == ["answers.yaml"]


def test_files_of_a_folder_may_hold_the_same_object(tmp_path: Path) -> None:
    """They may be answers to different exercises; files that are named are applied together."""
    files = {"a.yaml": POD + "---\n" + SERVICE, "b.yaml": POD}
    paths = _written(tmp_path, **files)
    assert preflight.check([tmp_path]).findings == []
    assert [one.rule for one in preflight.check(paths).findings] == ["duplicate-object"]


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_nothing_to_examine_is_said(tmp_path: Path, name: str) -> None:
    """A path that leads nowhere, and a folder without manifests, are mistakes at the prompt."""
    with pytest.raises(UsageError):
        preflight.check([tmp_path / name])


def _written(folder: Path, **files: str) -> list[Path]:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files]
