"""What `manifests.read` takes, what it refuses in which words, and where it says that a field stands."""

from __future__ import annotations

import json
import os
import random
from typing import TYPE_CHECKING

import pytest

from kindlings import course, files, manifests
from kindlings.errors import Findings, LabFailure, Place
from tests.unit.fakes import POD, document, written

if TYPE_CHECKING:
    from pathlib import Path


def refused(folder: Path, content: str | bytes) -> Findings:
    """Return what the learner is told about a file with this content."""
    path = folder / "pod.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(LabFailure) as caught:
        manifests.read(path)
    return caught.value.findings


def test_every_solution_can_be_read() -> None:
    """The course's own solutions are no more than a lab needs."""
    # free-mutants.yaml is the authors' word on the solutions, and none of them.
    for path in {*course.solutions().glob("*/*.yaml")} - {*course.solutions().glob("*/free-mutants.yaml")}:
        assert manifests.read(path).documents


def test_a_document_knows_who_it_is(tmp_path: Path) -> None:
    """Kind, name and title are those of the object; what is missing is empty."""
    pod = document(tmp_path, POD)
    assert (pod.kind, pod.name, pod.namespace, pod.title) == ("Pod", "counter", "", "Pod counter")
    nameless = document(tmp_path, "metadata: 3\nkind: [Pod]\n")
    assert (nameless.kind, nameless.name, nameless.namespace) == ("", "", "")
    assert nameless.title == "object without a kind"


def test_every_field_has_its_place(tmp_path: Path) -> None:
    """A field's place is that of its key; a list's item begins behind the dash."""
    pod = document(tmp_path, POD)
    assert pod.at("kind") == Place("single-container.yaml", 2, 1)
    assert pod.at("metadata", "name") == Place("single-container.yaml", 4, 3)
    assert pod.at("spec", "containers", 0) == Place("single-container.yaml", 7, 7)
    assert pod.at("spec", "containers", 0, "image") == Place("single-container.yaml", 8, 7)
    assert all(pod.at(*path).line for path, _ in pod.walk())


def test_an_absent_field_stands_where_its_nearest_ancestor_does(tmp_path: Path) -> None:
    """What is missing is looked for where it would have to be written."""
    pod = document(tmp_path, POD)
    assert pod.at("spec", "containers", 0, "resources", "limits") == pod.at("spec", "containers", 0)
    assert pod.at("spec", "restartPolicy") == pod.at("spec")
    assert pod.at("status") == Place("single-container.yaml", 1, 1)
    assert pod.get("spec", "containers", 3, "image") is None
    assert pod.get("kind", "name") is None


def test_places_go_on_over_several_documents(tmp_path: Path) -> None:
    """The second document's lines are those of the file."""
    path = written(tmp_path, f"# two\n{POD}---\n{POD}---\n# nothing\n---\n")
    first, second = manifests.read(path).documents
    assert first.at("kind").line == 3
    assert second.at("kind").line == 12


def test_a_list_is_its_items_at_any_depth(tmp_path: Path) -> None:
    """A List, of Lists too, is read as its items, each field at its own line."""
    text = """\
kind: List
items:
  - kind: Pod
    metadata: {name: one}
  - kind: List
    items:
      - kind: Pod
        metadata: {name: two}
"""
    found = manifests.read(written(tmp_path, text)).documents
    assert [one.name for one in found] == ["one", "two"]
    assert found[1].at("metadata", "name").line == 8
    assert found[1].at("spec").line == 7


def test_an_item_of_a_list_is_an_object(tmp_path: Path) -> None:
    """A List of words is refused at the word."""
    told = refused(tmp_path, "kind: List\nitems:\n  - kind: Pod\n  - counter\n")
    assert told.saw == "a text"
    assert told.place == Place("pod.yaml", 4, 5)


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("2026-01-01", "2026-01-01"),
        ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z"),
        ("1:30", "1:30"),
        ("017", 15),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", 1000),
        ("1e3", 1000.0),
        ("1.36", 1.36),
        ("08", 8.0),
        ("y", True),
        ("N", False),
        ("on", True),
        ("No", False),
        ("~", None),
        ("", None),
        ("=", "="),
        ("<<", "<<"),
        ("0b_", "0b_"),
        ("'1'", "1"),
        ("1.36.0", "1.36.0"),
        ("500m", "500m"),
    ],
)
def test_a_scalar_is_what_kubectl_sends(tmp_path: Path, scalar: str, value: object) -> None:
    """Values are those of kubectl's YAML library: no dates, no base 60, but octals, 1e3 and y."""
    found = document(tmp_path, f"value: {scalar}\n").get("value")
    assert found == value
    assert type(found) is type(value)


def test_keys_are_words(tmp_path: Path) -> None:
    """A number as a key is the word that was written."""
    assert document(tmp_path, "data: {1: one, true: two}\n").get("data") == {"1": "one", "true": "two"}


def test_merge_keys_are_unfolded(tmp_path: Path) -> None:
    """A mapping's own fields win over merged ones, and the first of several merged mappings over the next."""
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 3}\nd:\n  <<: *a\n"
    read = document(tmp_path, text)
    assert read.get("c") == {"x": 3, "y": 1, "z": 2}
    assert read.get("d") == {"x": 1, "y": 1}


def test_an_alias_is_what_it_refers_to(tmp_path: Path) -> None:
    """An alias is unfolded, also where it is used twice in one list."""
    assert document(tmp_path, "a: &a {x: 1}\nb: [*a, *a]\n").get("b") == [{"x": 1}, {"x": 1}]


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    """Files of Windows editors begin with a BOM, and their lines end with CR LF."""
    path = tmp_path / "pod.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + POD.replace("\n", "\r\n").encode())
    (pod,) = manifests.read(path).documents
    assert pod.get("kind") == "Pod"
    assert pod.at("kind") == Place("pod.yaml", 2, 1)


# What is refused.


@pytest.mark.parametrize("content", ["", "  \n\n", "\ufeff"])
def test_an_empty_file_is_called_empty(tmp_path: Path, content: str) -> None:
    """Nothing but space is an empty file."""
    assert refused(tmp_path, content).saw == "an empty file"


@pytest.mark.parametrize("content", ["# TODO\n", "---\n# TODO\n---\n"])
def test_a_file_of_comments_is_called_so(tmp_path: Path, content: str) -> None:
    """A manifest with only comments has no object."""
    assert refused(tmp_path, content).saw == "only comments"


def test_a_missing_file_is_named_with_its_folder(tmp_path: Path) -> None:
    """A file that is not there is the learner's to write."""
    folder = tmp_path / "module1"
    folder.mkdir()
    with pytest.raises(LabFailure) as caught:
        manifests.read(folder / "pod.yaml")
    assert caught.value.findings.expected == "the file pod.yaml"
    assert caught.value.findings.saw == "no such file in module1"
    assert "`kindlings reset " in caught.value.findings.hint


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """A folder in the place of the file is said to be one."""
    (tmp_path / "pod.yaml").mkdir()
    with pytest.raises(LabFailure) as caught:
        manifests.read(tmp_path / "pod.yaml")
    assert caught.value.findings.saw == "a folder of that name"


def test_a_name_that_no_file_can_have_is_refused_in_the_systems_words(tmp_path: Path) -> None:
    """Any other trouble with the file is said as the system says it."""
    with pytest.raises(LabFailure) as caught:
        manifests.read(tmp_path / ("x" * 300))
    assert "name too long" in caught.value.findings.saw


def test_other_bytes_than_utf_8_are_refused_at_their_line(tmp_path: Path) -> None:
    """The line of the first byte that is no UTF-8 is named."""
    told = refused(tmp_path, b"kind: Pod\nname: caf\xe9\n")
    assert told.place == Place("pod.yaml", 2)
    assert told.saw == "bytes that are no UTF-8"


@pytest.mark.parametrize(
    ("content", "line", "because"),
    [
        ("kind: Pod\nspec:\n\tcontainers: []\n", 3, "line 3 is indented with a tab"),
        ("kind: Pod\nspec:\n  a: 1\n \tb: 1\n", 4, "line 4 is indented with a tab"),
        ("metadata:\n  name: a\n labels: {}\n", 3, "line 3 is indented by 1 space"),
        ("  kind: Pod\nmetadata:\n  name: a\n", 2, "line 2 stands further left than line 1 above it"),
        (
            "spec:\n  a: 1\nb:\n    c: 1\n  d: 1\n",
            5,
            "and line 4 above it by 4 spaces and line 3 by 0 spaces",
        ),
        (
            "spec:\n    a:\n      - b: 1\n        c: 2\n  d: 1\n",
            5,
            "line 5 is indented by 2 spaces, and line 2, the first below line 1, by 4 spaces",
        ),
        ("- a: 1\n   b: 2\n", 2, "line 2 has a colon where no field can begin"),
        ("kind Pod\nmetadata:\n  name: a\n", 2, "line 1 above it is not far enough or misses its own colon"),
        ("kind: Pod\nmetadata\nspec:\n  a: 1\n", 2, "line 2 is a field's name without its colon and value"),
        ('kind: "Pod\nspec: {}\n', 1, "the quoted text that begins in line 1 is never closed"),
        ("kind: Pod\nname: 'a\n", 2, "the quoted text that begins in line 2 is never closed"),
        ("a: [1, 2\nb: 3\n", 2, ""),
        ("a: *nowhere\n", 1, "nowhere"),
        ("a: !!python/object:os.system x\n", 1, "a manifest is data"),
        ("a: !!python/tuple [1]\n", 1, "a manifest is data"),
        ("a: !secret x\n", 1, "a manifest is data"),
        ("a: !!int x\n", 1, "a manifest is data"),
        ("a: !!bool x\n", 1, "a manifest is data"),
        ("a: !!timestamp 2026-01-01\n", 1, "a manifest is data"),
        ("a: !!set {b}\n", 1, "a manifest is data"),
    ],
)
def test_what_cannot_be_read_is_said_in_plain_words(
    tmp_path: Path, content: str, line: int, because: str
) -> None:
    """The message names the line to mend and shows it."""
    told = refused(tmp_path, content)
    assert told.expected == "a file that can be read as YAML"
    assert told.place is not None
    assert told.place.line == line
    assert because in told.because
    assert told.saw.startswith(f"line {line} cannot be read: ")


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    """Both lines are named, and nothing was lost in a dict."""
    told = refused(tmp_path, "kind: Pod\nspec:\n  image: a\n  name: b\n  image: c\n")
    assert told.expected == "each key once in a mapping (pod.yaml:3 has image already)"
    assert told.saw == "image again in line 5"
    assert told.place == Place("pod.yaml", 5, 3)


@pytest.mark.parametrize(
    ("content", "saw"),
    [
        ("- kind: Pod\n", "a list where the object begins"),
        ("Pod\n", "a text where the object begins"),
        ("3\n", "a number where the object begins"),
        ("true\n", "true or false where the object begins"),
        ("~\n", "nothing where the object begins"),
        ("? [a]\n: b\n", "a list as a key"),
        ("? {a: b}\n: c\n", "a mapping as a key"),
    ],
)
def test_an_object_is_a_mapping_with_words_as_keys(tmp_path: Path, content: str, saw: str) -> None:
    """Anything else is called by its name."""
    assert refused(tmp_path, content).saw == saw


def _bomb() -> str:
    """Return seven lists of ten references to the one before: ten million items."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 7)}]" for n in range(1, 8)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("content", "saw"),
    [
        ("a: " + "x" * files.MAX_BYTES, "more than 128 KiB"),
        ("---\na: 1\n" * (manifests.MAX_DOCUMENTS + 1), "more than 30 documents"),
        ("a: " + "[" * 30_000, "fields nested more than 40 deep"),
        ("a: " + "{b: " * 41, "fields nested more than 40 deep"),
        ("a: &a 1\nb: [" + "*a, " * 51 + "]\n", "more than 50 aliases"),
        (_bomb(), "aliases that unfold without end"),
        ("a: &a [*a]\n", "aliases that unfold without end"),
        ("a: &a {b: *a}\n", "aliases that unfold without end"),
        ("a: &a {<<: *a}\n", "aliases that unfold without end"),
        ("a: &a {b: &b {<<: *a}, <<: *b}\n", "aliases that unfold without end"),
    ],
)
def test_more_than_a_lab_can_need_is_refused(tmp_path: Path, content: str, saw: str) -> None:
    """Hostile files cost no memory and no time."""
    told = refused(tmp_path, content)
    assert told.saw == saw
    assert told.expected == "a manifest of the size that a lab needs"


@pytest.mark.parametrize(
    "content",
    [
        "a: " + "x" * (files.MAX_BYTES - 4) + "\n",
        "---\na: 1\n" * manifests.MAX_DOCUMENTS,
        "a: " + "[" * (manifests.MAX_DEPTH - 1) + "]" * (manifests.MAX_DEPTH - 1) + "\n",
        "a: &a 1\nb: [" + "*a, " * manifests.MAX_ALIASES + "]\n",
    ],
)
def test_what_is_just_within_the_limits_is_read(tmp_path: Path, content: str) -> None:
    """A limit is the last that is allowed."""
    assert manifests.read(written(tmp_path, content)).documents


# Whatever the bytes are.

_TOKENS = ["\t", "\n", "\n  ", ": ", "- ", "{", "}", "[", "]", "'", '"', "|", ">", "? ", "# ", "%", "@", ","]
_TOKENS += ["&a ", "*a", "<<: *a", "!!int ", "!x ", "---\n", "...\n", "\0", "\x85", "~", "0x_", "é", "="]


def _mutated(chance: random.Random, raw: bytes) -> bytes:
    """Return `raw` with a few bytes gone, doubled, or replaced by what means something in YAML."""
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randrange(len(raw)), chance.randint(0, 12)
        new = chance.choice(
            [
                chance.choice(_TOKENS).encode(),
                raw[at : at + length] * 2,
                b"",
                chance.randbytes(1),
                raw[(other := chance.randrange(len(raw))) : other + length],
            ]
        )
        raw = raw[:at] + new + raw[at + length :]
    return raw or b"x"


@pytest.mark.parametrize("seed", range(4))
def test_no_file_raises_anything_but_the_learners_failure(tmp_path: Path, seed: int) -> None:
    """Random bytes and random changes of the solutions are read, or refused at a line of the file."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable choice, no secret
    solved = [path.read_bytes() for path in sorted(course.solutions().glob("module1/*.yaml"))]
    path = tmp_path / "pod.yaml"
    for _ in range(60):
        raw = chance.randbytes(chance.randint(1, 200))
        if chance.random() < 0.9:
            raw = _mutated(chance, chance.choice(solved))
        path.write_bytes(raw)
        try:
            read = manifests.read(path)
        except LabFailure as failure:
            place = failure.findings.place
            assert place is not None, raw
            assert place.line <= len(raw.decode("utf-8", "replace").splitlines()) + 1, raw
        else:
            json.dumps([one.data for one in read.documents])


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    """What lies elsewhere is not the learner's: it is neither read nor shown."""
    (tmp_path / "secret").write_text("root: x\n", encoding="utf-8")
    (tmp_path / "lab").mkdir()
    link = tmp_path / "lab" / "pod.yaml"
    link.symlink_to(tmp_path / "secret")
    with pytest.raises(LabFailure) as failure:
        manifests.read(link)
    assert "leads out of its folder" in failure.value.findings.saw


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    """Reading a pipe would never end."""
    os.mkfifo(tmp_path / "pod.yaml")
    with pytest.raises(LabFailure) as failure:
        manifests.read(tmp_path / "pod.yaml")
    assert "no file" in failure.value.findings.saw
