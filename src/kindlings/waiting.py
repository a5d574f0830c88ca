"""One engine for time: `wait` (becomes true), `hold` (stays true), `never` (was true at no moment).

All three judge what the watch delivered, never samples; all three sleep only until the next event.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kindlings import symptoms
from kindlings.conditions import Condition, Impossible, Met, NotYet, Scene, Target
from kindlings.errors import InfrastructureError
from kindlings.recorder import Gap

if TYPE_CHECKING:
    from collections.abc import Collection

    from kindlings.conditions import Verdict
    from kindlings.recorder import Entry, History, Object, Recorder, Snapshot
    from kindlings.symptoms import Symptom

AFTER_OUTAGE: Final = 40.0
"""Seconds added when the API server was away: its controllers elect a leader again, which takes 15 to 30."""

BLIP: Final = 1.0
"""Seconds without a watch that change nothing: the controllers have not noticed."""


@dataclass
class Unmet(Exception):  # noqa: N818 - a verdict
    """A condition that did not hold: everything an explanation needs."""

    condition: Condition
    target: Target
    expected: str
    saw: str
    snapshot: Snapshot
    troubles: list[Symptom] = field(default_factory=list)
    proved: bool = False
    """Whether the condition itself said that it can never hold; the troubles are then beside the point."""
    unserved: str = ""
    """Which part of the cluster has not done its work, where that is why; then nothing is the learner's."""


def wait(
    recorder: Recorder,
    target: Target,
    condition: Condition,
    timeout: float | None = None,
    images: Collection[str] = (),
) -> list[Object]:
    """Wait until `condition` holds for `target` and return the objects it holds for.

    `timeout` is in seconds, by default the condition's own patience; `images` are those that every node has.

    Raises Unmet, at once where it can never hold; InfrastructureError where the cluster is not observed.
    """
    started = time.monotonic()
    timeout = condition.patience if timeout is None else timeout
    first_seen: dict[tuple[str, str, str], float] = {}
    met_since: float | None = None
    unchanged_since: float | None = None
    while True:
        snapshot = recorder.snapshot()
        scene = Scene(target, snapshot)
        verdict = condition.check(scene)
        now = time.monotonic()
        if isinstance(verdict, Met):
            met_since = now if met_since is None else met_since
            settled = met_since + _settling(verdict, met_since - started)
            if now >= settled:
                return verdict.objects
            recorder.wait_beyond(snapshot.sequence, settled - now)
            continue
        met_since = None
        ends_after = verdict.ends_after if isinstance(verdict, NotYet) else None
        unchanged_since = None if ends_after is None else unchanged_since or now
        troubles = [
            one
            for one in symptoms.find(scene)
            if one.family not in condition.tolerates and not symptoms.is_of_the_node(one, images)
        ]
        first_seen = {one.key: first_seen.get(one.key, now) for one in troubles}
        ripe_at = min((first_seen[one.key] + one.persistence for one in troubles), default=now + timeout)
        if unchanged_since is not None and ends_after is not None:
            ripe_at = min(ripe_at, unchanged_since + ends_after)
        away, outage = recorder.outage
        deadline = started + timeout + (outage + AFTER_OUTAGE if outage > BLIP else 0)
        certain = isinstance(verdict, Impossible) or now >= ripe_at
        if now >= deadline and symptoms.unserved(scene):
            deadline += AFTER_OUTAGE
        if not away and (certain or now >= deadline):
            raise _unmet(condition, scene, verdict, troubles, certain=certain, waited=now - started)
        recorder.wait_beyond(snapshot.sequence, min(ripe_at, deadline) - now if not away else 1.0)


def _settling(verdict: Met, waited: float) -> float:
    """Return the seconds that `verdict` must stay: a quarter of those `waited`, up to 4 times its own."""
    return min(max(verdict.settles, waited / 4), 4 * verdict.settles)


def _unmet(
    condition: Condition,
    scene: Scene,
    verdict: Verdict,
    troubles: list[Symptom],
    *,
    certain: bool,
    waited: float,
) -> Unmet:
    if isinstance(verdict, Impossible):
        saw = verdict.proof
    else:
        saw = verdict.why if not isinstance(verdict, Met) else ""
        if not certain:
            saw = f"{saw}, after {waited:.0f} s"
    return Unmet(
        condition,
        scene.target,
        condition.describe(scene.target),
        saw,
        scene.snapshot,
        troubles=troubles or symptoms.find(scene),
        proved=isinstance(verdict, Impossible) or (isinstance(verdict, NotYet) and bool(verdict.ends_after)),
        unserved="" if certain else symptoms.unserved(scene),
    )


def hold(recorder: Recorder, target: Target, condition: Condition, seconds: float) -> None:
    """Demand that `condition` holds now and at every event of the next `seconds`.

    Raises Unmet at the first moment where it does not, InfrastructureError where a moment was not observed.
    """
    started = time.monotonic()
    judged = recorder.sequence
    before = recorder.at(judged)
    _judge_hold(condition, Scene(target, before), 0.0, seconds)
    while True:
        remaining = started + seconds - time.monotonic()
        away, _ = recorder.outage
        if remaining <= 0 and not away:
            break
        recorder.wait_beyond(judged, max(remaining, 0.2) if away else remaining)
        for entry, snapshot in recorder.replay(judged):
            _refuse_gap(entry, before)
            judged, before = entry.sequence, snapshot
            _judge_hold(condition, Scene(target, snapshot), entry.at - started, seconds)


def _judge_hold(condition: Condition, scene: Scene, moment: float, seconds: float) -> None:
    verdict = condition.check(scene)
    if isinstance(verdict, Met):
        return
    why = verdict.proof if isinstance(verdict, Impossible) else verdict.why
    expected = f"{condition.describe(scene.target)}, for {seconds:g} s"
    saw = f"{why}, after {max(moment, 0):.1f} s"
    raise Unmet(condition, scene.target, expected, saw, scene.snapshot, symptoms.find(scene))


def never(history: History, target: Target, condition: Condition) -> None:
    """Demand that `condition` held at no moment of `history`.

    Raises Unmet for the first moment where it did, InfrastructureError where a moment was not observed.
    """
    recorder = history.recorder
    before = recorder.at(history.start)
    _judge_never(condition, Scene(target, before), 0.0)
    began_at: float | None = None
    for entry, snapshot in recorder.replay(history.start, history.end):
        _refuse_gap(entry, before)
        began_at, before = entry.at if began_at is None else began_at, snapshot
        _judge_never(condition, Scene(target, snapshot), entry.at - began_at)


def _judge_never(condition: Condition, scene: Scene, moment: float) -> None:
    verdict = condition.check(scene)
    if isinstance(verdict, Met):
        expected = f"at no moment {condition.describe(scene.target)}"
        there = verdict.what or ", ".join(str(one["metadata"]["name"]) for one in verdict.objects) or "none"
        saw = f"{there}, {moment:.1f} s after the first event"
        raise Unmet(condition, scene.target, expected, saw, scene.snapshot, symptoms.find(scene), proved=True)


def _refuse_gap(entry: Entry, judged: Snapshot) -> None:
    """Raise InfrastructureError for a Gap in which something that was looked at in `judged` may have changed.

    What was not looked at just before cannot have changed the judgement. Events come and go by themselves: no
    condition of every moment is about them.
    """
    if not isinstance(entry, Gap) or entry.kind == "Event":
        return
    if entry.kind in judged.kinds_read or judged.uids_read.get(entry.kind, set()) - entry.unchanged:
        raise InfrastructureError(
            f"Not observed: {entry.why} ({entry.kind}), so nothing can be said about every moment.",
            "Run the lab again. If it happens again, run `kindlings doctor`.",
        )
