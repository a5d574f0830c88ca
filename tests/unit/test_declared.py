"""What the API server accepted of a Pod: each of these conditions is met, or proved impossible, at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kindlings import objects
from kindlings.conditions import Impossible, Met, NotYet, Target
from kindlings.declared import env, env_from_field, memory_limit, mounts, mounts_from_node, native_sidecar
from tests.unit.fakes import pod, running, scene, the_pod

if TYPE_CHECKING:
    from kindlings.conditions import Condition, Verdict
    from kindlings.recorder import Object

POD = the_pod()


def judged(condition: Condition, *found: Object, target: Target = POD) -> Verdict:
    """Return what `condition` says of a moment with these objects."""
    return condition.check(scene(target, *found))


@pytest.mark.parametrize(
    ("volume", "saw"),
    [
        (None, "Pod counter with no volume mounted"),
        ({"emptyDir": {}}, "Pod counter with the emptyDir data at /app"),
        ({"hostPath": {"path": "/etc"}}, "mounted at /app its node's folder /etc"),
        (
            {"persistentVolumeClaim": {"claimName": "mine"}},
            "Pod counter with the PersistentVolumeClaim mine at /app",
        ),
    ],
)
def test_another_volume_is_told(volume: dict[str, object] | None, saw: str) -> None:
    """What is mounted instead, and where."""
    one = pod()
    if volume is not None:
        one["spec"]["volumes"] = [{"name": "data", **volume}]
        one["spec"]["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/app"}]
    assert judged(mounts_from_node("/app", folder="/var/x"), one) == Impossible(saw)
    if volume == {"hostPath": {"path": "/etc"}}:
        assert judged(mounts_from_node("/app", folder="/etc"), one) == Met([one])


def test_a_variable_from_a_field() -> None:
    """A value that is written down does not do: the template is the same for all nodes."""
    one = pod()
    variable: dict[str, object] = {"name": "NODE", "value": "worker"}
    one["spec"]["containers"][0]["env"] = [variable]
    wanted = env_from_field("NODE", "spec.nodeName")
    assert judged(wanted, one) == Impossible("the environment variable NODE from the field worker")
    one["spec"]["containers"][0]["env"] = [
        {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
    ]
    assert judged(wanted, one) == Met([one])


def with_container(**fields: Any) -> Object:
    """Return a Pod whose only container has `fields`."""
    one = pod(ready=False)
    one["spec"]["containers"] = [{"name": "count", **fields}]
    return one


def test_an_environment_variable_is_compared_by_its_value() -> None:
    """Another value and no variable are final: a Pod's environment never changes."""
    there = with_container(env=[{"name": "NAME", "value": "Ali Kahoot"}])
    assert isinstance(judged(env("NAME", "Ali Kahoot"), there), Met)
    assert judged(env("NAME", "Ali"), there) == Impossible("the environment variable NAME = Ali Kahoot")
    assert judged(env("OTHER", "x"), there) == Impossible(
        "Pod counter without the environment variable OTHER"
    )
    assert judged(env("NAME", "Ali")) == NotYet("no Pod counter")


@pytest.mark.parametrize(
    ("written", "same"), [("1Gi", True), ("1024Mi", True), ("1048576Ki", True), ("1G", False), ("1", False)]
)
def test_a_memory_limit_is_compared_by_its_amount(written: str, *, same: bool) -> None:
    """1024Mi is 1Gi, 1G is less."""
    there = with_container(resources={"limits": {"memory": written}})
    assert isinstance(judged(memory_limit("1Gi"), there), Met if same else Impossible)


def test_no_limit_is_called_so() -> None:
    """A container without resources has none."""
    assert isinstance(judged(memory_limit("1Gi"), with_container()), Impossible)
    assert isinstance(
        judged(memory_limit("1Gi"), with_container(resources={"limits": {"cpu": "1"}})), Impossible
    )


def test_a_mount_is_followed_to_its_claim() -> None:
    """The container's mount names a volume of the Pod, which names the claim."""
    there = with_container(volumeMounts=[{"name": "v", "mountPath": "/data"}])
    there["spec"]["volumes"] = [{"name": "v", "persistentVolumeClaim": {"claimName": "dok"}}]
    assert isinstance(judged(mounts("/data", claim="dok"), there), Met)
    assert isinstance(judged(mounts("/data", claim="other"), there), Impossible)
    assert isinstance(judged(mounts("/elsewhere", claim="dok"), there), Impossible)
    there["spec"]["volumes"] = [{"name": "v", "emptyDir": {}}]
    assert isinstance(judged(mounts("/data", claim="dok"), there), Impossible)


def test_a_native_sidecar_is_an_init_container_that_started() -> None:
    """Started is met; an ordinary container of that name, or none, is final."""
    sidecar = pod(init=[{"name": "logs", "restartPolicy": "Always"}])
    assert isinstance(judged(native_sidecar("logs"), sidecar), NotYet)
    sidecar["status"]["initContainerStatuses"] = [{**running("logs"), "started": True}]
    assert isinstance(judged(native_sidecar("logs"), sidecar), Met)
    ordinary = judged(native_sidecar("logs"), pod(containers=("count", "logs")))
    assert ordinary == Impossible("logs among the ordinary containers")
    init = judged(native_sidecar("logs"), pod(init=[{"name": "logs"}]))
    assert init == Impossible("no sidecar logs")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1Gi", "1024Mi"),
        ("1Mi", "1024Ki"),
        ("1", "1000m"),
        ("0.5", "500m"),
        ("1e3", "1k"),
        ("128974848", "129e6"),
    ],
)
def test_quantities_are_compared_by_what_they_mean(one: str, other: str) -> None:
    """Kubernetes writes one amount in many ways; 129e6 is close to and not 128974848."""
    same = objects.quantity(one) == objects.quantity(other)
    assert same is (other != "129e6")


@pytest.mark.parametrize("word", ["1GB", "lots", "", "1 Gi", "Gi", "1gi", "--1"])
def test_what_is_no_quantity_has_no_value(word: str) -> None:
    """A misspelled unit is none."""
    assert objects.quantity(word) is None
