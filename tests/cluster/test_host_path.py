"""A lab with a folder of its nodes: that one may be mounted, and nothing else that baseline refuses."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

import pytest

from kindlings.cluster import access
from kindlings.cluster.api import KINDS, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kindlings.cluster.api import Api
    from kindlings.session import Session

FOLDER: Final = "/var/lib/kindlings/module7"

OF_A_POD: Final[dict[str, dict[str, Any]]] = {
    "hostNetwork": {"hostNetwork": True},
    "hostPID": {"hostPID": True},
    "hostIPC": {"hostIPC": True},
    "an unsafe sysctl": {"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "65536"}]}},
    "seccomp Unconfined": {"securityContext": {"seccompProfile": {"type": "Unconfined"}}},
    "AppArmor Unconfined": {"securityContext": {"appArmorProfile": {"type": "Unconfined"}}},
    "an SELinux type": {"securityContext": {"seLinuxOptions": {"type": "spc_t"}}},
    "an SELinux user": {"securityContext": {"seLinuxOptions": {"user": "system_u"}}},
    "an SELinux role": {"securityContext": {"seLinuxOptions": {"role": "sysadm_r"}}},
    "hostProcess": {
        "hostNetwork": True,
        "securityContext": {"windowsOptions": {"hostProcess": True}},
    },
    **{
        f"the hostPath {path}": {"volumes": [{"name": "data", "hostPath": {"path": path}}]}
        for path in ("/", "/var/lib/kindlings", "/var/lib/kindlings/module8", f"{FOLDER}/", f"{FOLDER}/etc")
    },
    "a second hostPath": {
        "volumes": [
            {"name": "data", "hostPath": {"path": FOLDER}},
            {"name": "other", "hostPath": {"path": "/etc"}},
        ]
    },
}
"""What a Pod's spec may not say."""

HOOK: Final = {"httpGet": {"host": "10.0.0.1", "port": 80}}
OF_A_CONTAINER: Final[dict[str, dict[str, Any]]] = {
    "privileged": {"securityContext": {"privileged": True}},
    "an added capability": {"securityContext": {"capabilities": {"add": ["CHOWN", "NET_RAW"]}}},
    "all capabilities": {"securityContext": {"capabilities": {"add": ["ALL"]}}},
    "a hostPort": {"ports": [{"containerPort": 80, "hostPort": 8080}]},
    "procMount": {"securityContext": {"procMount": "Unmasked"}},
    "seccomp Unconfined": {"securityContext": {"seccompProfile": {"type": "Unconfined"}}},
    "AppArmor Unconfined": {"securityContext": {"appArmorProfile": {"type": "Unconfined"}}},
    "an SELinux type": {"securityContext": {"seLinuxOptions": {"type": "spc_t"}}},
    "hostProcess": {"securityContext": {"windowsOptions": {"hostProcess": True}}},
}
"""What no container may say, nor an init container."""

OF_AN_ORDINARY_CONTAINER: Final[dict[str, dict[str, Any]]] = {
    "the host of a readiness probe": {"readinessProbe": HOOK},
    "the host of a liveness probe": {"livenessProbe": {"tcpSocket": {"host": "10.0.0.1", "port": 80}}},
    "the host of a startup probe": {"startupProbe": HOOK},
    "the host of a hook at the start": {"lifecycle": {"postStart": HOOK}},
    "the host of a hook at the end": {"lifecycle": {"preStop": HOOK}},
}

ALLOWED: Final[dict[str, dict[str, Any]]] = {
    "nothing of the kind": {},
    "the lab's folder": {
        "volumes": [{"name": "data", "hostPath": {"path": FOLDER, "type": "DirectoryOrCreate"}}]
    },
    "what baseline allows": {
        "hostNetwork": False,
        "volumes": [{"name": "data", "emptyDir": {}}],
        "securityContext": {
            "runAsUser": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
            "appArmorProfile": {"type": "RuntimeDefault"},
            "seLinuxOptions": {"type": "container_t"},
            "sysctls": [{"name": "net.ipv4.tcp_syncookies", "value": "1"}],
        },
    },
}


def pod(**spec: Any) -> dict[str, Any]:
    """Return a Pod of the smallest kind with `spec` added."""
    whole: dict[str, Any] = {"containers": [{"name": "a", "image": "busybox:1.36"}], **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "try"}, "spec": whole}


def refused_pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every Pod that must be refused, each for one reason."""
    for name, spec in OF_A_POD.items():
        yield name, pod(**deepcopy(spec))
    for name, fields in OF_A_CONTAINER.items():
        init = {"name": "b", "image": "busybox:1.36", **fields}
        yield f"{name} in an init container", pod(initContainers=[init])
    for name, fields in (OF_A_CONTAINER | OF_AN_ORDINARY_CONTAINER).items():
        second = {"name": "b", "image": "busybox:1.36", **fields}
        yield (
            f"{name} in a second container",
            pod(containers=[{"name": "a", "image": "busybox:1.36"}, second]),
        )
    noted = pod()
    key = "container.apparmor.security.beta.kubernetes.io/a"
    noted["metadata"]["annotations"] = {key: "unconfined"}
    yield "AppArmor unconfined by annotation", noted


@pytest.fixture(scope="module")
def namespace(kindlings_session: Session) -> Iterator[str]:
    """Give a namespace whose Pods may mount the folder of module 7."""
    name = access.unique("host-path")
    access.create_namespace(kindlings_session.admin, name, {"run": "x"}, folder="module7")
    yield name
    access.delete_namespace(kindlings_session.admin, name)


@pytest.fixture
def learner(kindlings_session: Session, namespace: str) -> Api:
    """Give the connection as this namespace's learner."""
    return kindlings_session.admin.acting_as(access.learner(namespace))


@pytest.mark.parametrize(("what", "body"), [pytest.param(*one, id=one[0]) for one in refused_pods()])
def test_baseline_holds(learner: Api, namespace: str, what: str, body: dict[str, Any]) -> None:
    """The policy refuses what baseline refuses, in every place where a Pod can say it."""
    with pytest.raises(Refusal) as refusal:
        learner.create(KINDS["Pod"].path(namespace), body, dryRun="All")
    # Some are refused by the API server's own validation, on any machine or on ours: so much the better.
    assert refusal.value.code in {403, 422}, what
    if refusal.value.code == 403:
        said = refusal.value.message
        assert "refused by the Pod Security level baseline" in said or "the only hostPath" in said


@pytest.mark.parametrize("what", ALLOWED)
def test_the_folder_may_be_mounted(learner: Api, namespace: str, what: str) -> None:
    """What baseline allows is taken, and the one folder too."""
    learner.create(KINDS["Pod"].path(namespace), pod(**ALLOWED[what]), dryRun="All")


@pytest.mark.parametrize("kind", ["ReplicaSet", "Deployment", "DaemonSet", "StatefulSet"])
def test_pods_of_controllers_are_judged_too(
    learner: Api, kindlings_session: Session, namespace: str, kind: str
) -> None:
    """A controller may be written down; the Pods that it would make are refused."""
    name = f"privileged-{kind.lower()}"
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {
            "containers": [
                {"name": "a", "image": "busybox:1.36", "securityContext": {"privileged": True}},
            ]
        },
    }
    spec: dict[str, Any] = {"selector": {"matchLabels": {"app": name}}, "template": template}
    if kind == "StatefulSet":
        spec["serviceName"] = name
    body = {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
    learner.create(KINDS[kind].path(namespace), body)

    events = KINDS["Event"].path(namespace)
    # Controllers ask again at longer and longer intervals after tests in which the API server is killed.
    for line in kindlings_session.observer.stream(events, watch="true", timeoutSeconds="90"):
        seen = json.loads(line)["object"]
        if seen["involvedObject"]["name"].startswith(name) and seen["reason"] == "FailedCreate":
            assert "privileged: refused" in seen["message"]
            break
    else:
        pytest.fail(f"no Pod of {kind} {name} was refused")
    pods = kindlings_session.observer.get(KINDS["Pod"].path(namespace), labelSelector=f"app={name}")
    assert not pods["items"]


def test_a_pod_cannot_be_changed_into_one(learner: Api, namespace: str) -> None:
    """The learner has no way to add a container to a Pod that was taken."""
    with pytest.raises(Refusal) as refusal:
        learner.patch(KINDS["Pod"].path(namespace, "any", "ephemeralcontainers"), {})
    assert refusal.value.code == 403
