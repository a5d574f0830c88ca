"""A dashboard shows what kubectl shows: Pods, their phases and their logs."""

import pytest

from kindlings import Lab, on_dashboard, ready, restarted

only_pods = pytest.mark.kinds("Pod")


@only_pods
@pytest.mark.points(1)
@pytest.mark.hint("Open the dashboard with `kindlings dashboard`, and read the container's log there.")
def test_the_dashboard_shows_the_greeter(lab: Lab) -> None:
    """The dashboard shows the Pod greeter Running, and in its log whom it greets."""
    greeter = lab.apply("greeter.yaml").pod("greeter").wait(ready())

    whom = greeter.exec("greeter", "env").value("WHOM")
    on_dashboard(greeter).row("Running", restarts=0).log("greeter", f"Hello, {whom}")


@only_pods
@pytest.mark.points(1)
@pytest.mark.needs("node-access")
@pytest.mark.hint("The kubelet starts a container again that has ended; the Pod stays the same one.")
def test_the_dashboard_counts_restarts(lab: Lab) -> None:
    """After the greeter's container was killed, the dashboard shows the Pod Running with one restart."""
    greeter = lab.apply("greeter.yaml").pod("greeter").wait(ready())

    greeter.kill("greeter")

    greeter.wait(restarted())
    on_dashboard(greeter).row("Running", restarts=1)
