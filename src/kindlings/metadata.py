"""Conditions on what stands in an object's metadata: labels, annotations, and the note of a rollout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kindlings import objects
from kindlings.conditions import TROUBLES, Basic, Met, NotYet, what_is_there
from kindlings.rollouts import number

if TYPE_CHECKING:
    from kindlings.conditions import Condition, Scene, Target, Verdict

CHANGE_CAUSE: Final = "kubernetes.io/change-cause"
_STILL: Final = 1.0
"""Seconds after which metadata counts as meant: nobody but the learner changes it."""
_COPIED: Final = 5.0
"""Seconds in which a Deployment's note reaches its ReplicaSet; as a rule a tenth of one."""


def written(pairs: dict[str, str]) -> str:
    """Return labels as a selector writes them."""
    return ", ".join(f"{key}={value}" for key, value in pairs.items()) or "none"


@dataclass(frozen=True)
class _Carries(Basic):
    group: str
    """labels or annotations."""
    wanted: tuple[tuple[str, str], ...]

    @property
    def metadata(self) -> str:
        """Return which part of the metadata this is about, for the explanation."""
        return self.group

    def describe(self, target: Target) -> str:
        return f"{target.title} with the {self.group} {written(dict(self.wanted))}"

    def check(self, scene: Scene) -> Verdict:
        for one in scene.alive:
            there = one["metadata"].get(self.group) or {}
            lacking = {key for key, value in self.wanted if there.get(key) != value}
            if lacking:
                found = {key: there[key] for key in sorted(lacking) if key in there}
                other = f"; it has {written(found)}" if found else ""
                who = f"a {one['kind']}" if scene.target.plural else objects.title(one)
                return NotYet(f"{who} without {', '.join(sorted(lacking))}{other}", _STILL)
        return Met(scene.alive) if scene.alive else NotYet(what_is_there(scene))


def labelled(**labels: str) -> Condition:
    """Whether every object of the target carries these labels, whatever others it has."""
    return _Carries("labels", tuple(labels.items()), tolerates=TROUBLES)


def annotated(**annotations: str) -> Condition:
    """Whether every object of the target carries these annotations, whatever others it has."""
    return _Carries("annotations", tuple(annotations.items()), tolerates=TROUBLES)


@dataclass(frozen=True)
class _ChangeCause(Basic):
    revision: int
    cause: str
    metadata = "annotations"

    def describe(self, target: Target) -> str:
        return f"revision {self.revision} of {target.title} with the note: {self.cause}"

    def check(self, scene: Scene) -> Verdict:
        for controller in scene.alive:
            sets = objects.owned_by(scene.snapshot, "ReplicaSet", controller)
            notes = {number(one): objects.annotations_of(one).get(CHANGE_CAUSE) for one in sets}
            if notes.get(self.revision) == self.cause:
                return Met(sets)
            if self.revision not in notes:
                return NotYet(f"no revision {self.revision}", _COPIED)
            return NotYet(f"revision {self.revision} with {notes[self.revision] or 'no note'}", _COPIED)
        return NotYet(what_is_there(scene))


def change_cause(revision: int, cause: str) -> Condition:
    """Whether a revision of the Deployment carries `cause` as its kubernetes.io/change-cause."""
    return _ChangeCause(revision, cause, tolerates=TROUBLES)
