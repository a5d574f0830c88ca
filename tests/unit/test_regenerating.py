"""`kindlings author regenerate`: what is written where a solution has changed, and where none has."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import yaml

from kindlings import course
from kindlings.authoring import replaying, running, trying
from kindlings.errors import ExitCode
from kindlings.results import Outcome, Results, TestResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from kindlings.authoring.readmes import Block

EXERCISE = "kind: ReplicaSet\nspec:\n  # TODO: ask for three.\n  replicas: 1\n"
SOLUTION = """\
kind: ReplicaSet
spec:
  #| # TODO: ask for three.
  #| replicas: 1
  # BEGIN SOLUTION
  replicas: 3
  # END SOLUTION
"""
README = """\
# Module {0}: sets

<!-- shown: apply set.yaml -->
```
$ kubectl get replicasets
NAME      DESIRED   AGE
counter   3         3s
```

Words.

<!-- shown: apply other.yaml -->
```
$ kubectl get pods
NAME            AGE
counter-kkkkk   9s
```

```
$ kubectl logs of what is not recorded
3
```
"""
MODULES = ("module1", "module2")


def _replayed(module: str, group: Sequence[Block], _session: object) -> Iterator[list[str]]:
    """Yield what the commands would print: what the solution asks for, and names that differ each time."""
    replicas = yaml.safe_load((course.solutions() / module / "set.yaml").read_text())["spec"]["replicas"]
    for block in group:
        if "get pods" in block.commands[0]:
            yield ["NAME            AGE\ncounter-zzzzz   5s\n"]
        else:
            yield [f"NAME      DESIRED   AGE\ncounter   {replicas}         7s\n"]


def _run(modules: Sequence[str], *arguments: str) -> Results:
    """Return how the solutions end: those of three and five sets pass."""
    assert arguments == ("--solutions",)
    found = []
    for module in modules:
        text = (course.solutions() / module / "set.yaml").read_text()
        passes = yaml.safe_load(text)["spec"]["replicas"] in {3, 5}
        outcome = Outcome.PASSED if passes else Outcome.FAILED
        found.append(
            TestResult(module, "sets", "test_it", "It.", 1, 1, outcome, "" if passes else "  saw       four")
        )
    return Results("run", "", tests=tuple(found))


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a checkout of two modules, and a cluster that does what their solutions say."""
    for module in MODULES:
        (tmp_path / "exercises" / module).mkdir(parents=True)
        (tmp_path / "solutions" / module).mkdir(parents=True)
        (tmp_path / "exercises" / module / "README.md").write_text(README.format(module[-1]))
        for file in ("set.yaml", "other.yaml"):
            (tmp_path / "exercises" / module / file).write_text(EXERCISE)
            (tmp_path / "solutions" / module / file).write_text(SOLUTION)
    monkeypatch.setattr(course, "root", lambda: tmp_path)
    monkeypatch.setattr(course, "is_packed", lambda: False)
    monkeypatch.setattr(trying, "run", _run)
    monkeypatch.setattr(replaying, "up", lambda _progress: None)
    monkeypatch.setattr(replaying, "_replayed", _replayed)
    monkeypatch.setattr(running, "connect", lambda _run: SimpleNamespace(end=lambda *, keep: keep))
    return tmp_path


def _files(folder: Path) -> dict[str, bytes]:
    return {f"{path.relative_to(folder)}": path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_unchanged_course_stays_as_it_is(
    source: Path, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """Twice in a row not a byte of it changes, whatever names and ages the cluster gives."""
    before = _files(source)
    for _ in range(2):
        code, out, _err = kindlings("author", "regenerate")
        assert (code, out.startswith("Every exercise is what its solution says")) == (ExitCode.OK, True)
        assert _files(source) == before


def test_a_changed_solution_changes_its_exercise_and_readme_alone(
    source: Path, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """What the learner gets of it and what the README shows of it change; a second time nothing does."""
    before = _files(source)
    changed = SOLUTION.replace("ask for three", "ask for five").replace("replicas: 3", "replicas: 5")
    (source / "solutions" / "module1" / "set.yaml").write_text(changed)

    code, out, _ = kindlings("author", "regenerate", "--check")
    assert code == ExitCode.FAILED
    assert "exercises/module1/set.yaml: is not what its solution says" in out
    assert "exercises/module1/README.md:3 shows something else" in out
    assert kindlings("author", "regenerate")[0] == ExitCode.OK

    after = _files(source)
    expected = before | {
        "solutions/module1/set.yaml": changed.encode(),
        "exercises/module1/set.yaml": EXERCISE.replace("three", "five").encode(),
        "exercises/module1/README.md": README.format(1)
        .replace("counter   3         3s", "counter   5         12s")
        .encode(),
    }
    assert after == expected
    kindlings("author", "regenerate")
    assert _files(source) == after


def test_a_solution_that_fails_is_told_and_its_readme_stays(
    source: Path, kindlings: Callable[..., tuple[int, str, str]]
) -> None:
    """The exercise follows, to be worked on; what the README shows does not, and the other module's does."""
    for module in MODULES:
        changed = SOLUTION.replace("replicas: 3", f"replicas: {4 if module == 'module1' else 5}")
        (source / "solutions" / module / "set.yaml").write_text(changed)

    code, out, _ = kindlings("author", "regenerate")

    assert code == ExitCode.FAILED
    assert "module1/sets/test_it: its solution fails (four): mend it or the test" in out
    assert "exercises/module1/README.md: left as it is until the solutions pass\n" in out
    assert (source / "exercises" / "module1" / "README.md").read_text() == README.format(1)
    assert "counter   5" in (source / "exercises" / "module2" / "README.md").read_text()
