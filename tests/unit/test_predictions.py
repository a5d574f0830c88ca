"""What is read of a learner's predictions, and what is said when the cluster refutes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from kindlings import experiments
from kindlings.errors import LabFailure
from kindlings.experiments import new_pod
from kindlings.experiments.bench import Seen
from kindlings.facts import Fact
from kindlings.predictions import Prediction

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.cluster.api import Api
    from kindlings.errors import Findings

NODES = Fact("the number of nodes", "get nodes", "https://x", lambda _: (frozenset({3}), "there are 3"))


class _Cluster:
    name = "kindlings-break"


def predicted(folder: Path, text: str) -> Prediction:
    """Return the prediction that a file with `text` holds."""
    path = folder / "predictions.yaml"
    path.write_text(text, encoding="utf-8")
    return Prediction(path, cast("Api", None), lambda: cast("Any", _Cluster()))


def refuted(folder: Path, text: str, what: Any, seen: Seen | None = None) -> Findings:
    """Return what the learner of `text` reads."""
    with pytest.MonkeyPatch.context() as patcher:
        patcher.setattr(experiments, "perform", lambda *_: seen)
        with pytest.raises(LabFailure) as failure:
            predicted(folder, text).confirm("q", what)
    return failure.value.findings


# Facts.


def test_what_the_cluster_shows_is_confirmed(tmp_path: Path) -> None:
    """A right number passes."""
    predicted(tmp_path, "q: 3\n").confirm("q", NODES)


@pytest.mark.parametrize("value", ["2", "three", "'3'", "true"])
def test_another_answer_is_refuted_with_its_line(tmp_path: Path, value: str) -> None:
    """The message has the line, the answer and what there is."""
    findings = refuted(tmp_path, f"# a question\nq: {value}\n", NODES)
    assert findings.saw == "there are 3"
    assert "(predictions.yaml:2)" in findings.because


@pytest.mark.parametrize("text", ["q:\n", "q: ''\n", "q: ~\n"])
def test_no_answer_is_said_as_such(tmp_path: Path, text: str) -> None:
    """An untouched question gives nothing away."""
    findings = refuted(tmp_path, text, NODES)
    assert (findings.saw, findings.because) == ("no answer yet", "q is empty (predictions.yaml:1)")
    assert "3" not in findings.expected


def test_a_question_that_was_deleted_is_missed(tmp_path: Path) -> None:
    """With the file's name."""
    assert refuted(tmp_path, "other: 1\n", NODES).because.startswith("predictions.yaml has no q")


@pytest.mark.parametrize("text", ["q: [1, 2]\n", "q: {a: 1}\n"])
def test_several_words_are_no_answer(tmp_path: Path, text: str) -> None:
    """Where one word is asked for."""
    assert refuted(tmp_path, text, NODES).saw == "more than one word"


@pytest.mark.parametrize("text", ["", "# nothing\n", "- 1\n", "three\n", "q: 1\nq: 2\n", "q: [\n"])
def test_no_readable_file_is_no_talk_of_kubernetes(tmp_path: Path, text: str) -> None:
    """A file that cannot be read is told in the words of this one, which is no manifest."""
    with pytest.raises(LabFailure) as failure:
        predicted(tmp_path, text)
    findings = failure.value.findings
    assert "Kubernetes object" not in findings.expected
    assert findings.hint == ""
    assert "working-with-objects" not in findings.read


# Experiments.

ANSWER = "q:\n  component: {}\n  outcome: {}\n"


def test_a_right_prediction_is_confirmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The component of the learner's is what is taken away."""
    asked: list[str] = []

    def perform(_: object, component: str, __: object) -> Seen:
        asked.append(component)
        return Seen("gets-no-node", "the new Pod stays Pending and has no node")

    monkeypatch.setattr(experiments, "perform", perform)
    predicted(tmp_path, ANSWER.format("kube-scheduler", "gets-no-node")).confirm("q", new_pod())
    assert asked == ["kube-scheduler"]


@pytest.mark.parametrize(
    ("component", "outcome", "seen", "because"),
    [
        ("kubelet", "gets-no-node", "is-not-started", "is-not-started: kubelet (predictions.yaml:2) is not"),
        ("kube-scheduler", "runs", "gets-no-node", "gets-no-node, not runs (predictions.yaml:3)"),
        ("kube-proxy", "runs", "runs", "kube-proxy (predictions.yaml:2) is not what chooses a node"),
        ("etcd", "gets-no-node", "", "everything else stops, too: etcd (predictions.yaml:2)"),
    ],
)
def test_a_wrong_prediction_is_explained(
    tmp_path: Path, component: str, outcome: str, seen: str, because: str
) -> None:
    """What was predicted, where, what was seen, and why that is not it."""
    findings = refuted(tmp_path, ANSWER.format(component, outcome), new_pod(), Seen(seen, "so it went"))
    assert because in findings.because
    assert findings.saw == f"without {component} so it went"
    assert findings.look.startswith("kindlings --name kindlings-break kubectl")


@pytest.mark.parametrize(
    ("component", "outcome", "because"),
    [
        ("scheduler", "runs", "component is scheduler (predictions.yaml:2)"),
        ("kubelet", "dies", "outcome is dies (predictions.yaml:3)"),
        ("kubelet", "", "outcome is empty (predictions.yaml:3)"),
    ],
)
def test_a_word_that_is_none_of_the_choices_breaks_nothing(
    tmp_path: Path, component: str, outcome: str, because: str
) -> None:
    """The choices are listed, and no experiment is begun."""
    findings = refuted(tmp_path, ANSWER.format(component, outcome), new_pod())
    assert findings.because == because
    assert "to be one of" in findings.expected
