"""A StatefulSet's Pods have names, an order, and a volume each, which outlive them."""

import pytest

from kindlings import (
    Lab,
    addresses_of,
    counting_up,
    endpoints,
    goes_on_after,
    goes_with_its_pod,
    goes_with_its_statefulset,
    gone,
    mounts,
    out_of_order,
    ready,
    retained,
)

stateful = pytest.mark.kinds("ConfigMap", "Service", "StatefulSet")


@stateful
@pytest.mark.points(2)
@pytest.mark.hint("podManagementPolicy: OrderedReady is the default.")
def test_one_after_the_other(lab: Lab) -> None:
    """counter-1 is made when counter-0 is ready, and not before."""
    with lab.history() as start:
        counter = lab.apply("script.yaml", "statefulset.yaml").statefulset("counter")
        counter.pods.wait(ready(2))

    start.never(out_of_order(), of=counter.pods)


@stateful
@pytest.mark.points(2)
@pytest.mark.hint(
    "volumeClaimTemplates makes the claims; the container mounts its own by the template's name."
)
def test_each_pod_has_its_own_claim(lab: Lab) -> None:
    """counter-0 has data-counter-0 at /app, and counter-1 has data-counter-1."""
    lab.apply("script.yaml", "statefulset.yaml").statefulset("counter")

    lab.pod("counter-0").wait(mounts("/app", claim="data-counter-0"))
    lab.pod("counter-1").wait(mounts("/app", claim="data-counter-1"))


@stateful
@pytest.mark.needs("inside")
@pytest.mark.points(2)
@pytest.mark.hint("serviceName names a Service that finds the Pods by their label and has clusterIP: None.")
def test_each_pod_has_a_name_in_the_dns(lab: Lab) -> None:
    """The name counter gives the addresses of both Pods, and counter-0.counter that of counter-0."""
    lab.apply("script.yaml", "service.yaml", "statefulset.yaml").service("counter").wait(endpoints(2))

    lab.dns("counter", "A").wait(addresses_of(lab.statefulset("counter").pods))
    lab.dns("counter-0.counter", "A").wait(addresses_of(lab.pod("counter-0")))


@stateful
@pytest.mark.points(3)
@pytest.mark.hint(
    "The new counter-0 finds its claim by name; the script must go on from the file's last line."
)
def test_it_comes_back_as_itself(lab: Lab) -> None:
    """counter-0 is deleted and comes back under its name, with the same claim, and its count goes on."""
    pods = lab.apply("script.yaml", "statefulset.yaml").statefulset("counter").pods
    claim = lab.pvc("data-counter-0")
    lab.pod("counter-0").wait(mounts("/app", claim=claim.name))
    victim, _ = pods.wait(ready(2))
    victim.logs("counter").wait(counting_up(2))

    with lab.history() as replacement:
        victim.delete()
        pods.wait(ready(2, without=victim))

    replacement.never(gone(), of=claim)
    lab.pod("counter-0").logs("counter").wait(goes_on_after(2))


@stateful
@pytest.mark.points(2)
@pytest.mark.hint("persistentVolumeClaimRetentionPolicy is Retain and Retain where nothing is said.")
def test_claims_outlive_the_statefulset(lab: Lab) -> None:
    """The StatefulSet is deleted and its claims stay; it is made again, and the count goes on."""
    counter = lab.apply("script.yaml", "statefulset.yaml").statefulset("counter")
    claim = lab.pvc("data-counter-0")
    lab.pod("counter-0").wait(mounts("/app", claim=claim.name)).logs("counter").wait(counting_up(2))

    counter.delete()

    claim.hold(retained(), seconds=0.5)
    lab.pods("app=counter").wait(gone())
    lab.apply("statefulset.yaml")
    lab.pod("counter-0").logs("counter").wait(goes_on_after(2))


@stateful
@pytest.mark.points(2)
@pytest.mark.hint("whenDeleted speaks of a deleted StatefulSet, whenScaled of one with fewer replicas.")
def test_claims_may_go_with_the_statefulset(lab: Lab) -> None:
    """statefulset-temporary.yaml: its claim goes with the StatefulSet, and stays when that is scaled down."""
    temporary = lab.apply("script.yaml", "statefulset-temporary.yaml").statefulset("temporary")
    claim = lab.pvc("data-temporary-0").wait(goes_with_its_statefulset())
    temporary.pods.wait(ready())

    with lab.history() as smaller:
        temporary.scale(0)
        temporary.pods.wait(gone())
    temporary.delete()

    smaller.never(goes_with_its_pod(), of=claim)
    claim.wait(gone())
