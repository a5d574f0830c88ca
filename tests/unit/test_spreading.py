"""Where tests go in a run with workers: those that need the same shared thing to one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kindlings import course, plugin

if TYPE_CHECKING:
    import pytest

pytest_plugins = ("pytester",)

HEAD = "import pytest\n"
TEST = '''
{mark}
def test_{name}(request):
    """It runs."""
    with open("{log}", "a") as file:
        file.write("{name} " + request.config.workerinput["workerid"] + "\\n")
'''


def test_tests_with_the_same_need_are_one_workers(pytester: pytest.Pytester) -> None:
    """A run by three workers has those that share node ports on one of them, the others anywhere."""
    log = pytester.path / "log"
    needs = '@pytest.mark.needs("node-port")'
    marks = {"a": needs, "b": "", "c": needs, "d": "", "e": needs, "f": "", "g": '@pytest.mark.needs("x")'}
    module = pytester.mkdir("module1")
    tests = [TEST.format(mark=mark, name=name, log=log) for name, mark in marks.items()]
    (module / "test_all.py").write_text(HEAD + "".join(tests))
    (pytester.path / "conftest.py").write_text(
        "import pytest\nfrom kindlings import plugin\nplugin.bring_up = lambda config: None\n"
    )

    result = pytester.runpytest_subprocess(
        *("-p", "no:pytest-kind", "-p", "no:cacheprovider", "-n", "3", "module1")
    )

    result.assert_outcomes(passed=7)
    result.stdout.no_fnmatch_line("*sched*")
    result.stderr.no_fnmatch_line("*sched*")
    ran = dict(line.split() for line in log.read_text().splitlines())
    assert ran.keys() == marks.keys()
    assert ran["a"] == ran["c"] == ran["e"]


def test_another_way_to_spread_is_left_alone(pytester: pytest.Pytester) -> None:
    """--dist is the learner's to choose."""
    config = pytester.parseconfig("-n", "2", "--dist", "loadfile", str(course.exercises()))
    assert plugin.pytest_xdist_make_scheduler(config, None) is None
