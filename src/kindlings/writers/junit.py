"""JUnit XML: a suite for each lab, a case for each test, its points as properties.

Our troubles, and what the run did not come to, are <error>; what counts as zero is <failure>.

Source: https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from kindlings import results
from kindlings.results import Outcome
from kindlings.writers import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kindlings.results import Results, TestResult

MAX_BYTES: Final = 2_000_000
"""No limit is documented, and readers load it whole."""


def write(run: Results) -> str:
    """Return the XML document."""
    return text.fit(lambda clip: _xml(run, clip), MAX_BYTES)


def _xml(run: Results, clip: int) -> str:
    root = ET.Element("testsuites", name="kindlings", time=f"{run.seconds:.3f}")
    about = {"student": run.student, "commit": run.commit, "graded": str(run.graded).lower()}
    for (module, lab), tests in groupby(run.tests, lambda one: (one.module, one.lab)):
        _suite(root, f"{module}.{lab}", list(tests), clip, about)
    if run.trouble or not run.tests:
        suite = ET.SubElement(root, "testsuite", name="kindlings", tests="1", failures="0", errors="1")
        _properties(suite, about)
        case = ET.SubElement(suite, "testcase", classname="kindlings", name="the run as a whole")
        ET.SubElement(case, "error", message="not graded").text = text.summary(run)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: ET.Element, name: str, tests: list[TestResult], clip: int, about: Mapping[str, str]) -> None:
    kinds = [_element(one) for one in tests]
    counts = {kind: str(kinds.count(tag)) for kind, tag in _COUNTED.items()}
    seconds = sum(one.seconds for one in tests)
    suite = ET.SubElement(root, "testsuite", {"name": name, "tests": str(len(tests)), **counts})
    suite.set("time", f"{seconds:.3f}")
    _properties(suite, about)  # of the suite: readers know none of the document
    for one, kind in zip(tests, kinds, strict=True):
        case = ET.SubElement(suite, "testcase", classname=name, name=one.name, time=f"{one.seconds:.3f}")
        points = {"points": str(one.points), "max_points": str(one.max_points)}
        _properties(case, {"title": text.name(one), **points})
        if kind:
            full = text.message(one, clip)
            ET.SubElement(case, kind, message=next(iter(full.splitlines()), "")[:200]).text = full


_COUNTED: Final = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def _element(one: TestResult) -> str:
    if one.outcome is Outcome.PASSED:
        return ""
    if one.outcome is Outcome.NOT_APPLICABLE:
        return "skipped"
    return "failure" if one.judged else "error"


def _properties(holder: ET.Element, values: Mapping[str, str]) -> None:
    properties = ET.SubElement(holder, "properties")
    for name, value in _given(values.items()):
        ET.SubElement(properties, "property", name=name, value=value)


def _given(values: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return ((name, results.plain(value, 200)) for name, value in values if value)
