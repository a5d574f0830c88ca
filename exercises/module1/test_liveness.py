"""A livenessProbe tells the kubelet of a process that hangs."""

import pytest

from kindlings import Lab, containers_ready, restarted_by_probe, undisturbed


@pytest.mark.kinds("Pod")
@pytest.mark.points(1)
@pytest.mark.hint("Ask on the port on which the server listens, for a page that it has.")
def test_a_server_that_answers_is_left_alone(lab: Lab) -> None:
    """While its server answers, the Pod server runs on without a restart."""
    server = lab.apply("liveness.yaml").pod("server").wait(containers_ready(1))

    server.hold(undisturbed(), seconds=5)


@pytest.mark.kinds("Pod")
@pytest.mark.points(2)
@pytest.mark.hint(
    "An open port is no answer: let the probe ask for something that only a living server gives."
)
def test_a_server_that_hangs_is_started_again(lab: Lab) -> None:
    """When its server hangs, the kubelet starts the container of the Pod server again."""
    server = lab.apply("liveness.yaml").pod("server").wait(containers_ready(1))

    server.exec("web", "killall", "-STOP", "httpd")

    server.wait(restarted_by_probe())
