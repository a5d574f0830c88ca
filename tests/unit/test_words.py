"""The words that a lesson imports: each has a home, and none costs anything before it is called."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

import kindlings


@pytest.mark.parametrize("name", sorted(set(kindlings.__all__) - {"Lab"}))
def test_a_word_has_a_home(name: str) -> None:
    """Every word of a lesson is in one module, which makes it what it is."""
    homes = [module for module, names in kindlings._HOMES.items() if name in names]
    assert len(homes) == 1
    assert callable(getattr(import_module(homes[0]), name))


def test_a_called_word_is_the_real_one() -> None:
    """Calling a word gives what its module gives."""
    from kindlings import conditions  # noqa: PLC0415 - what is compared

    assert kindlings.ready(3) == conditions.ready(3)


def test_a_word_that_is_none_is_told() -> None:
    """Another name is an AttributeError, as of any module."""
    with pytest.raises(AttributeError, match="no attribute 'steady'"):
        kindlings.steady  # noqa: B018


def test_importing_words_imports_nothing_of_a_cluster() -> None:
    """Collecting a course is quick because its words are not looked up before they are called."""
    names = ", ".join(kindlings.__all__)
    code = f"from kindlings import {names}; import sys; print(*(m for m in sys.modules if 'kindlings.' in m))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == []
