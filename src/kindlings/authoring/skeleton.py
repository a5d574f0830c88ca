"""The skeleton of a new lab: what `kindlings author new` writes, with FILL where the author has to write."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kindlings import course, marks
from kindlings.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

_MODULE: Final = re.compile(r"module\d+")
_LAB: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SOLUTION: Final = """\
#| # Lab {number}: see README.md, "FILL: the section's heading".
apiVersion: v1
kind: Pod
metadata:
  name: {lab}
spec:
  containers:
    - name: {lab}
      #| # TODO: FILL: what the learner is to do.
      #| # WHY: FILL: why it matters.
      #| image: busybox
      # BEGIN SOLUTION
      # FILL: why it is solved so.
      image: busybox:1.36
      # END SOLUTION
      args: [sleep, infinity]
"""
_TESTS: Final = '''\
"""FILL: the lesson in one sentence."""

import pytest

from kindlings import Lab, containers_ready


@pytest.mark.kinds("Pod")
@pytest.mark.points(1)
@pytest.mark.hint("FILL: one sentence that helps without solving.")
def test_{name}(lab: Lab) -> None:
    """FILL: what must be observed, in the learner's words."""
    lab.apply("{lab}.yaml").pod("{lab}").wait(containers_ready(1))
'''
_LESSON: Final = """\
# Module {number}: FILL: what it is about

FILL: what the learner needs to know before the first lab.

```
pytest exercises/{module} -x         # check; stop at the first thing to mend
```
"""
_SECTION: Final = """
## FILL: the section's heading

`{lab}.yaml`. FILL: what the learner does. When it is right:

<!-- shown: apply {lab}.yaml; wait pod {lab} containers_ready(1) -->
```
$ kubectl get pods
```

Read: [FILL: a page](https://kubernetes.io/docs/concepts/)
"""


def write(module: str, lab: str) -> list[Path]:
    """Write a lab's skeleton and return its files. Raises UsageError where there is such a lab already."""
    if course.is_packed():
        raise UsageError("An installed course is not changed.", "Run this in a checkout of its repository.")
    if not _MODULE.fullmatch(module) or not _LAB.fullmatch(lab):
        raise UsageError(
            f"{module} {lab} cannot be a lab's name.", "Say moduleN, and a name in small letters and hyphens."
        )
    exercises, solutions = course.exercises() / module, course.solutions() / module
    number, name = module.removeprefix("module"), lab.replace("-", "_")
    solution = _SOLUTION.format(number=number, lab=lab)
    files = {
        solutions / f"{lab}.yaml": solution,
        exercises / f"{lab}.yaml": marks.exercise(solution),
        exercises / f"test_{name}.py": _TESTS.format(name=f"{name}_becomes_ready", lab=lab),
    }
    taken = [path for path in files if path.exists()]
    if taken:
        raise UsageError(f"{taken[0].relative_to(course.root())} is there already.", "Choose another name.")
    lesson = exercises / "README.md"
    old = (
        lesson.read_text(encoding="utf-8")
        if lesson.is_file()
        else _LESSON.format(number=number, module=module)
    )
    files[lesson] = old + _SECTION.format(lab=lab)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)
