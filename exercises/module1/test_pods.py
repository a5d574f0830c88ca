"""A Pod runs containers side by side: they start, share, crash and end together."""

import secrets

import pytest

from kindlings import (
    Lab,
    bound,
    containers_ready,
    counting_up,
    env,
    gone,
    memory_limit,
    mounts,
    native_sidecar,
    needs_container_name,
    restarted,
    running,
    says,
    succeeded,
)

only_pods = pytest.mark.kinds("Pod")
pods_and_claims = pytest.mark.kinds("Pod", "PersistentVolumeClaim")


@only_pods
@pytest.mark.points(1)
@pytest.mark.hint("The image needs a version that the course has, and its command must not end.")
def test_the_counter_becomes_ready(lab: Lab) -> None:
    """Applying single-container.yaml gives the Pod counter, 1/1 ready."""
    lab.apply("single-container.yaml").pod("counter").wait(containers_ready(1))


@only_pods
@pytest.mark.points(1)
@pytest.mark.hint("A loop that adds one and sleeps for a second goes on for ever.")
def test_the_counter_counts(lab: Lab) -> None:
    """The log of container count has one number after the other."""
    lab.apply("single-container.yaml").pod("counter").logs("count").wait(counting_up())


@only_pods
@pytest.mark.points(1)
@pytest.mark.needs("node-access")
@pytest.mark.hint("The kubelet obeys the Pod's restartPolicy; its default is what is wanted here.")
def test_a_crashed_container_is_restarted(lab: Lab) -> None:
    """The kubelet starts a killed container again, in the same Pod."""
    pod = lab.apply("single-container.yaml").pod("counter").wait(running())

    pod.kill("count")

    pod.wait(restarted())


@only_pods
@pytest.mark.points(1)
@pytest.mark.hint("Nothing looks after a bare Pod: that is what module 2 is about.")
def test_a_deleted_pod_stays_gone(lab: Lab) -> None:
    """Nobody replaces a deleted Pod that no controller owns."""
    pod = lab.apply("single-container.yaml").pod("counter").wait(running())

    pod.delete()

    pod.wait(gone()).hold(gone(), seconds=1)


@only_pods
@pytest.mark.points(1)
@pytest.mark.hint("containers is a list: each container begins with a dash and has a name of its own.")
def test_three_containers_become_ready(lab: Lab) -> None:
    """Applying multi-container.yaml gives the Pod counter, 3/3 ready."""
    lab.apply("multi-container.yaml").pod("counter").wait(containers_ready(3))


@only_pods
@pytest.mark.points(1)
@pytest.mark.hint("Call the containers counter-1, counter-2 and counter-3; they sleep 1, 2 and 3 seconds.")
def test_each_container_has_a_log_of_its_own(lab: Lab) -> None:
    """counter-1, counter-2 and counter-3 count in their own logs, each at its own pace."""
    pod = lab.apply("multi-container.yaml").pod("counter")

    pod.logs("counter-1").wait(counting_up())
    pod.logs("counter-2").wait(counting_up(every=2))
    pod.logs("counter-3").wait(counting_up(every=3))


@only_pods
@pytest.mark.points(1)
@pytest.mark.hint("With several containers, say which: kubectl logs counter -c counter-1.")
def test_the_log_of_several_containers_needs_a_name(lab: Lab) -> None:
    """The API server gives no log of a Pod with three containers unless one is named."""
    lab.apply("multi-container.yaml").pod("counter").logs().wait(needs_container_name())


@only_pods
@pytest.mark.points(1)
@pytest.mark.hint(
    "Containers of one Pod have one network: what listens in one is at localhost of the others."
)
def test_containers_share_localhost(lab: Lab) -> None:
    """What counter-1 serves on 127.0.0.1, counter-3 gets from 127.0.0.1."""
    pod = lab.apply("multi-container.yaml").pod("counter")
    word = secrets.token_hex(4)

    pod.exec("counter-1", "sh", "-c", f"echo {word} >/tmp/word; httpd -p 127.0.0.1:8081 -h /tmp")

    pod.exec("counter-3", "wget", "-qO-", "http://127.0.0.1:8081/word").shows(word)


@pods_and_claims
@pytest.mark.points(2)
@pytest.mark.hint("A Pod that does one thing and ends needs another restartPolicy than the default.")
def test_dok_app_runs_to_its_end(lab: Lab) -> None:
    """dok-app gets its volume, says that the attendees are awesome, and ends: phase Succeeded."""
    pod = lab.apply("dok-app.yaml").pod("dok-app").wait(succeeded())

    lab.pvc("dok").wait(bound(at_least="10Mi"))
    pod.logs("dok-app").wait(says("The attendees are awesome"))


@pods_and_claims
@pytest.mark.points(1)
@pytest.mark.hint("env is a list of names and values; --memory of docker run is a limit.")
def test_dok_app_has_its_environment_and_limit(lab: Lab) -> None:
    """dok-app has NAME=Ali Kahoot and a memory limit of 1Gi, as docker run gave it."""
    pod = lab.apply("dok-app.yaml").pod("dok-app")

    pod.wait(env("NAME", "Ali Kahoot"))
    pod.wait(memory_limit("1Gi"))


@pods_and_claims
@pytest.mark.points(1)
@pytest.mark.hint("-v DOK:/data/on/kubernetes is a volume of the Pod, a mount of the container, and a claim.")
def test_dok_app_mounts_its_claim(lab: Lab) -> None:
    """dok-app has what the PersistentVolumeClaim dok claims at /data/on/kubernetes."""
    lab.apply("dok-app.yaml").pod("dok-app").wait(mounts("/data/on/kubernetes", claim="dok"))

    lab.pvc("dok").wait(bound())


@only_pods
@pytest.mark.points(1)
@pytest.mark.hint("A native sidecar is an init container whose own restartPolicy is Always.")
def test_the_sidecar_is_a_native_one(lab: Lab) -> None:
    """Container exporter starts before count and runs for as long as it does: 2/2 ready."""
    pod = lab.apply("sidecar.yaml").pod("reporter").wait(native_sidecar("exporter"))

    pod.wait(containers_ready(2))


@only_pods
@pytest.mark.points(2)
@pytest.mark.hint("Both containers mount the same emptyDir; the sidecar follows the file in it.")
def test_the_sidecar_streams_the_file(lab: Lab) -> None:
    """The log of container exporter shows what container count writes to its file."""
    lab.apply("sidecar.yaml").pod("reporter").logs("exporter").wait(counting_up())


@only_pods
@pytest.mark.points(1)
@pytest.mark.hint("An emptyDir belongs to the Pod: every container that mounts it sees the same files.")
def test_containers_share_a_volume(lab: Lab) -> None:
    """A file that count writes to /var/log/counter can be read by exporter in the same place."""
    pod = lab.apply("sidecar.yaml").pod("reporter")
    word = secrets.token_hex(4)

    pod.exec("count", "sh", "-c", f"echo {word} >/var/log/counter/word")

    pod.exec("exporter", "cat", "/var/log/counter/word").shows(word)
