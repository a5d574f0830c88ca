"""A Service is one name and one address for Pods that come and go."""

import pytest

from kindlings import (
    Lab,
    addresses_of,
    alias_of,
    endpoints,
    external_address,
    gone,
    node_port,
    pending_address,
    ready,
)

PROVIDED = "192.0.2.10"
"""What the test gives as a cloud provider would: an address of the block for documentation (RFC 5737)."""


@pytest.mark.kinds("Deployment", "Service")
@pytest.mark.needs("inside")
@pytest.mark.points(3)
@pytest.mark.hint("Follow a request: the Service's port, its targetPort, the port that the Pod listens on.")
def test_the_name_leads_to_every_pod(lab: Lab) -> None:
    """Inside the cluster http://golang/hello is answered by one Pod and by the other, outside it is not."""
    lab.apply("golang-api.yaml", "clusterip.yaml")
    golang = lab.service("golang").wait(endpoints(2))

    golang.get("/hello", inside=True, by_all_of=lab.deployment("golang-api").pods)
    golang.wait(endpoints(2, port=80, probed=True)).unreachable("/hello")


@pytest.mark.kinds("Deployment", "Service")
@pytest.mark.needs("inside")
@pytest.mark.points(2)
@pytest.mark.hint("A headless Service says None where others have their address.")
def test_a_headless_name_gives_the_pods(lab: Lab) -> None:
    """The name golang-pods gives the addresses of the Pods themselves, and of those that replace them."""
    lab.apply("golang-api.yaml", "headless.yaml").service("golang-pods").wait(endpoints(2))
    pods = lab.deployment("golang-api").pods

    lab.dns("golang-pods", "A").wait(addresses_of(pods))
    victim, *_ = pods.wait(ready(2))
    victim.delete()
    pods.wait(ready(2, without=victim))
    lab.dns("golang-pods", "A").wait(addresses_of(pods))


@pytest.mark.kinds("Deployment", "Service")
@pytest.mark.needs("node-port")
@pytest.mark.points(2)
@pytest.mark.hint("A Service finds its Pods by their labels, and the world finds it on its node port.")
def test_hello_answers_on_the_node_port(lab: Lab) -> None:
    """GET /hello answers on the node port."""
    lab.apply("golang-api.yaml", "golang-svc.yaml")

    lab.service("golang-svc").wait(node_port(32000)).get("/hello").shows("Hello from golang-api")


@pytest.mark.kinds("Deployment", "Service")
@pytest.mark.needs("node-port")
@pytest.mark.points(1)
@pytest.mark.hint("The address is the Service's, and what is behind it is whatever its selector finds today.")
def test_the_address_outlives_its_pods(lab: Lab) -> None:
    """When every Pod has been replaced, the same address leads to the new ones."""
    lab.apply("golang-api.yaml", "golang-svc.yaml")
    pods = lab.deployment("golang-api").pods
    service = lab.service("golang-svc").wait(node_port(32000)).wait(endpoints(2))
    old = pods.wait(ready(2))

    for pod in old:
        pod.delete()
    for pod in old:
        pod.wait(gone())

    service.get("/hello", by_all_of=pods)


@pytest.mark.kinds("Deployment", "Service")
@pytest.mark.needs("node-port", "no-load-balancer")
@pytest.mark.points(2)
@pytest.mark.hint("Each type of Service contains the one before it: ClusterIP, NodePort, LoadBalancer.")
def test_a_load_balancer_waits_for_its_provider(lab: Lab) -> None:
    """Without a provider EXTERNAL-IP is pending and the node port answers; a provider's address is taken."""
    lab.apply("golang-api.yaml", "loadbalancer.yaml")
    balancer = lab.service("golang-lb").wait(pending_address())

    balancer.get("/hello")
    balancer.hold(pending_address(), seconds=0.5)
    balancer.provide(PROVIDED)

    balancer.wait(external_address(PROVIDED))


@pytest.mark.kinds("Service")
@pytest.mark.needs("inside")
@pytest.mark.points(2)
@pytest.mark.hint("An alias has a type of its own, and neither selector nor ports nor address.")
def test_an_external_name_is_an_alias(lab: Lab) -> None:
    """The name reviews is an alias of foo.bar.example.com: the DNS gives a CNAME record."""
    lab.apply("externalname.yaml").service("reviews")

    lab.dns("reviews", "CNAME").wait(alias_of("foo.bar.example.com"))
