"""Reads a learner's file as hostile input, and says in plain words what cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kindlings.errors import Findings, LabFailure, Place

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES: Final = 128 * 1024
READ_OBJECTS: Final = "https://kubernetes.io/docs/concepts/overview/working-with-objects/"


def load(path: Path, holding: str) -> str:
    """Return the text of a file of the learner's, which should be `holding` something.

    Raises LabFailure where there is no such file of the folder's own, or it is empty, too long or no text.
    """
    wanted = f"the file {path.name}"
    try:
        # A pipe would be read for ever, and a link could lead to what is not the learner's to show.
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise failure(Place(path.name), wanted, "something of that name that is no file")
        if not path.resolve().is_relative_to(path.parent.resolve()):
            raise failure(Place(path.name), wanted, "a link that leads out of its folder")
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        missing = failure(Place(path.name), wanted, f"no such file in {path.parent.name or path.parent}")
        missing.findings.hint = f"`kindlings reset {path.name}` in this folder brings the exercise back."
        raise missing from None
    except IsADirectoryError:
        raise failure(Place(path.name), wanted, "a folder of that name") from None
    except OSError as error:
        raise failure(Place(path.name), wanted, f"{error.strerror}".lower()) from None
    if len(raw) > MAX_BYTES:
        raise too_much(path.name, f"more than {MAX_BYTES // 1024} KiB")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise failure(Place(path.name, line), "a text file in UTF-8", "bytes that are no UTF-8") from None
    if not text.strip():
        raise failure(Place(path.name), holding, "an empty file", because=f"nothing stands in {path.name}")
    return text


def too_much(file: str, what: str, line: int = 0) -> LabFailure:
    """Return the failure for a file that holds more than a lab can need."""
    return failure(Place(file, line), "a manifest of the size that a lab needs", what)


def failure(place: Place, expected: str, saw: str, *, because: str = "") -> LabFailure:
    """Return the failure for a file that cannot be used as what the lab takes it for."""
    # A hint of the lesson's own would speak of an object, and there is none yet.
    hint = (
        ""
        if place.file.endswith(".sh")
        else f"kubectl create --dry-run=client -f {place.file} reads a file as this check does."
    )
    return LabFailure(Findings(expected, saw, because=because, read=READ_OBJECTS, hint=hint, place=place))
