"""In which order tests run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

pytest_plugins = ("pytester",)

ALONE: Final = ("-p", "no:pytest-kind", "-p", "no:cacheprovider", "--collect-only", "-q")


def _module(folder: Path, **files: tuple[str, ...]) -> None:
    """Write test files, each with a test for each of the learner's files that it is given."""
    folder.mkdir()
    for name, applied in files.items():
        (folder / f"test_{name}.py").write_text(
            "".join(f"def test_{file}(lab):\n    lab.apply('{file}.yaml')\n" for file in applied)
        )


def _collected(pytester: pytest.Pytester, *arguments: str) -> list[str]:
    found = pytester.runpytest(*ALONE, *arguments)
    assert found.ret == 0
    return [line.rpartition("::")[2].removeprefix("test_") for line in found.outlines if "::" in line]


def test_the_lesson_says_what_comes_first(pytester: pytest.Pytester) -> None:
    """What its README names first runs first, whatever the test files are called; other folders stay."""
    _module(pytester.path / "module1", a=("last",), b=("first", "second"))
    (pytester.path / "module1" / "README.md").write_text("# M\n\n`first.yaml`, `second.yaml`, `last.yaml`\n")
    _module(pytester.path / "other", elsewhere=("z", "y"))

    assert _collected(pytester) == ["first", "second", "last", "z", "y"]


def test_a_folder_without_a_lesson_stays_as_it_is(pytester: pytest.Pytester) -> None:
    """Nothing says what comes first, so pytest does."""
    _module(pytester.path / "module1", a=("last",), b=("second", "first"))

    assert _collected(pytester, "module1") == ["last", "second", "first"]
