"""A database with a replica: what it has acknowledged is kept, also when its Pod dies."""

import pytest

from kindlings import Lab, Redis, addresses_of, endpoints, gone, mounts, ready

# Two disks are made, one after the other, which a busy machine takes its time for.
PATIENCE = 90

database = pytest.mark.kinds("Service", "StatefulSet")


@database
@pytest.mark.points(2)
@pytest.mark.hint("Each Pod of a StatefulSet has a name of its own under the headless Service: POD.SERVICE.")
def test_the_replica_follows_the_primary_by_its_name(lab: Lab) -> None:
    """What is written to redis-0 is acknowledged by redis-1, and can be read there."""
    pods = lab.apply("redis.yaml").statefulset("redis").pods.wait(ready(2), timeout=PATIENCE)
    lab.service("redis").wait(endpoints(2, probed=True))
    lab.dns("redis", "A").wait(addresses_of(lab.statefulset("redis").pods))
    primary, replica = map(Redis, pods)

    records = primary.write(20, acknowledged_by=replica)

    replica.has(records)


@database
@pytest.mark.points(3)
@pytest.mark.hint("The file must be on the claim, and each write in the file before it is answered.")
def test_nothing_acknowledged_is_lost(lab: Lab) -> None:
    """redis-0 is deleted, and comes back with its claim and with all that it had acknowledged."""
    redis = lab.apply("redis.yaml").statefulset("redis")
    claim = lab.pvc("data-redis-0")
    lab.pod("redis-0").wait(mounts("/data", claim=claim.name))
    victim, other = redis.pods.wait(ready(2), timeout=PATIENCE)
    replica = Redis(other)
    Redis(victim).syncs_each_write()
    records = Redis(victim).write(20, acknowledged_by=replica)

    with lab.history() as replacement:
        victim.delete()
        successor, _ = redis.pods.wait(ready(2, without=victim), timeout=PATIENCE)

    replacement.never(gone(), of=claim)
    Redis(successor).has(records)
    records |= Redis(successor).write(5, acknowledged_by=replica)
    replica.has(records)
