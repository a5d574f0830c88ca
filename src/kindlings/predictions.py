"""What a learner predicts in a file that is no Kubernetes object, and whether the cluster confirms it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kindlings import experiments, manifests
from kindlings.errors import Findings, LabFailure, UsageError
from kindlings.facts import Fact

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from kindlings.cluster.api import Api
    from kindlings.cluster.kind import Cluster
    from kindlings.errors import Place
    from kindlings.experiments import Experiment
    from kindlings.manifests import Document

_READ: Final = "https://kubernetes.io/docs/concepts/architecture/"
_BREAK: Final = "kindlings --name {name} kubectl"


@dataclass(frozen=True)
class Answer:
    """One answer of the learner's: its value, and the line where it stands."""

    name: str
    value: str | int
    place: Place


class Prediction:
    """The answers of one file, by the names of their questions."""

    def __init__(self, path: Path, observer: Api, breakable: Callable[[], Cluster] | None) -> None:
        """Read the file within the limits of a manifest. Raises LabFailure."""
        self._file = path.name
        self._document = _read(path)
        self._observer = observer
        self._breakable = breakable

    def confirm(self, name: str, what: Fact | Experiment) -> None:
        """Demand that the cluster shows what the file says under `name`. Raises LabFailure.

        An experiment takes away the component that the learner has named, and no other.
        """
        if isinstance(what, Fact):
            self._compare(self._answer(name), what)
        else:
            self._experiment(name, what)

    def _compare(self, answer: Answer, fact: Fact) -> None:
        right, shown = fact.see(self._observer)
        if answer.value in right and not isinstance(answer.value, bool):
            return
        raise LabFailure(
            Findings(
                expected=f"{answer.name} in {self._file} to be {fact.about}",
                saw=shown,
                because=f"{answer.name} is {answer.value} ({answer.place})",
                look=f"kindlings kubectl {fact.look}",
                read=fact.read,
                place=answer.place,
            )
        )

    def _experiment(self, name: str, experiment: Experiment) -> None:
        component = self._choice(name, "component", experiments.COMPONENTS)
        outcome = self._choice(name, "outcome", experiment.outcomes)
        if self._breakable is None:
            raise UsageError("There is no cluster to break things in: mark the test needs('break-cluster').")
        cluster = self._breakable()
        seen = experiments.perform(experiment, str(component.value), cluster)
        if seen.outcome == outcome.value == experiment.sought:
            return
        without = f"without {component.value} ({component.place})"
        findings = Findings(
            expected=f"{without}, {experiment.act}: {outcome.value} ({outcome.place})",
            saw=f"without {component.value} {seen.words}",
            look=f"{_BREAK.format(name=cluster.name)} -n kube-system get pods",
            read=experiment.read,
            place=component.place,
        )
        if seen.outcome == outcome.value:
            findings.expected = f"the component that {experiment.job} taken away"
            findings.because = (
                f"the outcome came as predicted ({outcome.place}), but nothing stopped: {component.value} "
                f"({component.place}) is not what {experiment.job}"
            )
        elif seen.outcome == experiment.sought:
            findings.because = (
                f"{component.value} is what {experiment.job}, and the experiment ended with "
                f"{seen.outcome}, not {outcome.value} ({outcome.place})"
            )
        else:
            shows = (
                f"the experiment ended with {seen.outcome}" if seen.outcome else "everything else stops, too"
            )
            findings.because = f"{shows}: {component.value} ({component.place}) is not what {experiment.job}"
        raise LabFailure(findings)

    def _choice(self, name: str, part: str, choices: Collection[str]) -> Answer:
        wanted = f"{part} of {name} to be one of {', '.join(choices)}"
        answer = self._answer(name, part, wanted=wanted)
        if str(answer.value) in choices:
            return answer
        saw = f"{answer.value}, which is none of them"
        raise self._unusable(wanted, saw, f"{part} is {answer.value} ({answer.place})", answer.place)

    def _answer(self, *path: str, wanted: str = "") -> Answer:
        """Return the answer at `path`. Raises LabFailure where there is none, or no single word or number."""
        value, place = self._document.get(*path), self._document.at(*path)
        name = " of ".join(reversed(path))
        wanted = wanted or f"an answer to {name}: one word or number"
        if isinstance(value, (str, int)) and value != "":
            return Answer(name, value, place)
        if value is None or value == "":
            there = path in self._document.places
            because = f"{path[-1]} is empty ({place})" if there else f"{self._file} has no {name} ({place})"
            raise self._unusable(wanted, "no answer yet", because, place)
        because = f"{path[-1]} holds fields or a list of its own ({place})"
        raise self._unusable(wanted, "more than one word", because, place)

    def _unusable(self, expected: str, saw: str, because: str, place: Place) -> LabFailure:
        look = "kindlings kubectl get nodes,pods -A -o wide"
        return LabFailure(Findings(expected, saw, because, look, _READ, place=place))


def _read(path: Path) -> Document:
    try:
        documents = manifests.read(path).documents
    except LabFailure as failure:
        # What it says of Kubernetes objects and of kubectl is not true of this file.
        failure.findings.expected = failure.findings.expected.partition(": a mapping with apiVersion")[0]
        failure.findings.expected = failure.findings.expected.replace(
            "a manifest with a Kubernetes object", "the questions with your answers"
        ).replace("a Kubernetes object", "the questions with your answers")
        failure.findings.hint, failure.findings.read = "", _READ
        raise
    return documents[0]
