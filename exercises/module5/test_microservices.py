"""Two programs that know each other by the name of a Service alone."""

import pytest

from kindlings import Lab, endpoints, gone, node_port, ready

services = pytest.mark.kinds("Deployment", "Service")
on_a_node_port = pytest.mark.needs("node-port")


@services
@on_a_node_port
@pytest.mark.points(2)
@pytest.mark.hint("A request goes node port, frontend Service, frontend Pod, backend Service, backend Pod.")
def test_the_frontend_answers_for_the_backend(lab: Lab) -> None:
    """Node port 31000 leads to the frontend, which hands on what the backend knows of three instructors."""
    lab.apply("backend.yaml", "frontend.yaml")
    frontend = lab.service("frontend").wait(node_port(31000)).wait(endpoints(2, port=8080, probed=True))

    frontend.get("/hello").shows("Hello from frontend")
    lab.service("backend").wait(endpoints(2, port=8080))

    for number, name in (1, "Ada Lovelace"), (2, "Grace Hopper"), (3, "Annie Easley"):
        frontend.get(f"/instructor/{number}").shows(name)


@services
@on_a_node_port
@pytest.mark.points(2)
@pytest.mark.hint("The backend's Service spreads the requests over as many Pods as its selector finds ready.")
def test_both_backends_serve(lab: Lab) -> None:
    """Of many requests to the frontend some are answered by the one backend Pod and some by the other."""
    lab.apply("backend.yaml", "frontend.yaml")
    lab.service("backend").wait(endpoints(2, port=8080))
    backends = lab.deployment("backend").pods

    lab.service("frontend").wait(node_port(31000)).get("/instructor/1", by_all_of=backends)


@services
@on_a_node_port
@pytest.mark.draining
@pytest.mark.points(3)
@pytest.mark.hint("What must be true of a new Pod before it gets a request? Say so in a readinessProbe.")
def test_a_backend_may_die_unnoticed(lab: Lab) -> None:
    """While a backend Pod is deleted and replaced, not one request to the frontend fails."""
    lab.apply("backend.yaml", "frontend.yaml")
    lab.service("backend").wait(endpoints(2, port=8080, probed=True))
    backends = lab.deployment("backend").pods
    victim, *_ = backends.wait(ready(2))
    frontend = lab.service("frontend").wait(node_port(31000))

    with frontend.asked_all_the_time("/instructor/1") as visits:
        victim.delete()
        backends.wait(ready(2, without=victim))
        victim.wait(gone())

    visits.none_failed()
