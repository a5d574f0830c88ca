"""The formats that a graded run is written in, by the name that --format takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kindlings import results
from kindlings.writers import (
    classroom50,
    github_classroom,
    gradebook,
    gradescope,
    junit,
    markdown,
    prairielearn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kindlings.results import Results


@dataclass(frozen=True)
class Format:
    """How one format is written.

    `write` is given a run and the environment. It raises InfrastructureError where a run that is not graded
    has no form in it: then there must be no file, and certainly no zero.
    """

    file: str
    """What it is called in a folder of several."""
    write: Callable[[Results, Mapping[str, str]], str]


FORMATS: Final[Mapping[str, Format]] = {
    "github-classroom": Format("github-classroom.b64", lambda run, _: github_classroom.write(run)),
    "classroom50": Format("classroom50.json", classroom50.write),
    "gradescope": Format("gradescope.json", lambda run, _: gradescope.write(run)),
    "prairielearn": Format("prairielearn.json", lambda run, _: prairielearn.write(run)),
    "junit": Format("junit.xml", lambda run, _: junit.write(run)),
    "markdown": Format("report.md", lambda run, _: markdown.write(run)),
    "csv": Format("grades.csv", lambda run, _: gradebook.write([run])),
    "json": Format("kindlings.json", lambda run, _: results.to_json(run)),
}
