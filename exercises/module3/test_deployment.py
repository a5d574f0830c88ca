"""A Deployment keeps a ReplicaSet for each version, and leads from one to the next without an outage."""

import pytest

from kindlings import (
    Lab,
    all_with_image,
    deadline_exceeded,
    env,
    fewer_ready_than,
    including,
    mixed_images,
    more_than,
    owned_through,
    ready,
    revisions,
    rolled_out,
    rollout_stalled,
)

pytestmark = pytest.mark.kinds("Deployment")


@pytest.mark.points(2)
@pytest.mark.hint("The API server refuses one thing at a time: mend it, run again, read the next.")
def test_a_deployment_owns_a_replicaset_that_owns_the_pod(lab: Lab) -> None:
    """Applying deployment.yaml gives one ready Pod, owned by a ReplicaSet of the Deployment."""
    counter = lab.apply("deployment.yaml").deployment("counter")

    counter.pods.wait(ready(1))

    lab.pods("app=counter").wait(owned_through("ReplicaSet", "Deployment"))


@pytest.mark.commands("scale")
@pytest.mark.points(1)
@pytest.mark.hint("kubectl scale takes a Deployment and --replicas; deployment.yaml stays at one.")
def test_scaling_keeps_the_pod_that_is_there(lab: Lab) -> None:
    """With scale.sh one Pod becomes three, and the first one stays."""
    pods = lab.apply("deployment.yaml").deployment("counter").pods
    first, *_ = pods.wait(ready(1))

    lab.run("scale.sh")

    pods.wait(ready(3))
    pods.wait(including(first))


@pytest.mark.commands("set image")
@pytest.mark.points(2)
@pytest.mark.hint(
    "kubectl set image deployment/NAME CONTAINER=IMAGE; the course has busybox:1.36 and busybox:1.37."
)
def test_another_image_is_rolled_out(lab: Lab) -> None:
    """With set-image.sh every Pod comes to run busybox:1.37, and at no moment is none ready."""
    counter = lab.apply("deployment.yaml").deployment("counter")
    counter.pods.wait(ready(1))

    with lab.history() as rollout:
        lab.run("set-image.sh")
        counter.wait(rolled_out())

    counter.pods.wait(all_with_image("busybox:1.37"))
    counter.wait(revisions(2))
    rollout.never(fewer_ready_than(1))


@pytest.mark.points(2)
@pytest.mark.hint("There are two strategies; one of them ends all old Pods first.")
def test_recreate_never_mixes_two_versions(lab: Lab) -> None:
    """While recreate.yaml goes to busybox:1.37, no old and no new Pod are there at the same time."""
    counter = lab.apply("recreate.yaml").deployment("counter")
    counter.pods.wait(ready(2))

    with lab.history() as rollout:
        counter.set_image("busybox:1.37")
        counter.wait(rolled_out())

    rollout.never(mixed_images())


@pytest.mark.points(2)
@pytest.mark.hint("maxUnavailable says how many may be missing, maxSurge how many may be too many.")
def test_a_rolling_update_keeps_three_and_needs_four(lab: Lab) -> None:
    """A rolling update to busybox:1.37 has never fewer than 3 Pods ready, and never more than 4."""
    counter = lab.apply("deployment-rolling-update.yaml").deployment("counter")
    counter.pods.wait(ready(3))

    with lab.history() as rollout:
        counter.set_image("busybox:1.37")
        counter.wait(rolled_out())

    rollout.never(fewer_ready_than(3))
    rollout.never(more_than(4))


@pytest.mark.points(3)
@pytest.mark.hint("With maxUnavailable 0 no old Pod goes before the new one is ready, and this one never is.")
def test_a_bad_image_costs_no_ready_pod(lab: Lab) -> None:
    """While a rollout to a missing image hangs, three Pods stay ready at every moment."""
    counter = lab.apply("deployment-rolling-update.yaml").deployment("counter")
    counter.pods.wait(ready(3))

    with lab.history() as rollout:
        counter.set_image("busybox:22")
        counter.wait(rollout_stalled())

    rollout.never(fewer_ready_than(3))


@pytest.mark.points(1)
@pytest.mark.hint("kubectl explain deployment.spec shows a field that is about progress.")
def test_a_rollout_that_hangs_is_reported(lab: Lab) -> None:
    """A rollout that makes no progress is reported after 5 seconds, not after ten minutes."""
    counter = lab.apply("deployment-rolling-update.yaml").deployment("counter")
    counter.pods.wait(ready(3))

    counter.set_image("busybox:22")

    counter.wait(deadline_exceeded(within=5))


@pytest.mark.commands("rollout undo")
@pytest.mark.points(2)
@pytest.mark.hint("kubectl rollout undo, without a revision, goes to the version before.")
def test_undo_leads_back_to_the_version_before(lab: Lab) -> None:
    """With undo.sh a rollout that hangs gives way to busybox:1.37, which ran before it, without an outage."""
    counter = lab.apply("deployment.yaml").deployment("counter")
    counter.pods.wait(ready(1))
    counter.set_image("busybox:1.37").wait(rolled_out())
    counter.set_image("busybox:22").wait(rollout_stalled())

    with lab.history() as back:
        lab.run("undo.sh")
        counter.wait(rolled_out())

    counter.pods.wait(all_with_image("busybox:1.37"))
    back.never(fewer_ready_than(1))


@pytest.mark.commands("rollout history", "rollout undo")
@pytest.mark.points(2)
@pytest.mark.hint("rollout history takes --revision, rollout undo takes --to-revision.")
def test_history_leads_to_any_revision(lab: Lab) -> None:
    """With history.sh one sees what revision 2 was, and is back at revision 1."""
    counter = lab.apply("deployment.yaml").deployment("counter")
    counter.pods.wait(ready(1))
    counter.set_image("busybox:1.37").wait(rolled_out())
    counter.set_image("busybox:22").wait(rollout_stalled())

    look = lab.run("history.sh").answer(1)

    look.shows("revision #2", "busybox:1.37")
    counter.wait(rolled_out())
    counter.pods.wait(all_with_image("busybox:1.36"))


@pytest.mark.commands("rollout pause", "rollout resume", "set image", "set env")
@pytest.mark.points(2)
@pytest.mark.hint("kubectl rollout pause comes before the changes, kubectl rollout resume behind them.")
def test_changes_made_in_a_pause_are_one_rollout(lab: Lab) -> None:
    """With pause-resume.sh a new image and a new variable reach the Pods in one rollout."""
    counter = lab.apply("deployment.yaml").deployment("counter")
    counter.pods.wait(ready(1))

    lab.run("pause-resume.sh")

    counter.wait(rolled_out())
    counter.pods.wait(all_with_image("busybox:1.37"))
    counter.pods.wait(env("GREETING", "hello"))
    counter.wait(revisions(2))
