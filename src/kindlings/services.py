"""Conditions on Services: who is behind them, at which ports and addresses; and what the DNS says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from kindlings import objects
from kindlings.conditions import Basic, Impossible, Met, NotYet, plural, what_is_there

if TYPE_CHECKING:
    from kindlings.conditions import Condition, Scene, Target, Verdict
    from kindlings.recorder import Object, Snapshot

_SELECTS_NOBODY: Final = 1.5
"""Seconds after which a selector that matches none of the Pods that are there will not match any."""
_NOBODY_THERE: Final = 6.0
"""Seconds in which a controller makes its first Pod, also on a busy machine."""
_UNCHANGED: Final = 1.0


def who_is_behind(service: Object, snapshot: Snapshot) -> str:
    """Say how many Pods requests are sent to, and what is the matter with those that its selector finds.

    Only what stays so is said: which of several starting Pods is how far differs from moment to moment.
    """
    count = len(objects.endpoints(snapshot, service))
    behind = (
        f"{objects.title(service)} has {plural(count, 'ready endpoint') if count else 'no ready endpoint'}"
    )
    alive = [one for one in objects.selected(snapshot, service) if not objects.terminating(one)]
    if not alive:
        return f"{behind}, its selector finds no Pod"
    if not objects.has_ports(snapshot, service):
        return f"{behind}, its Pods have no such port"
    troubles = sorted({objects.trouble(one) for one in alive} - {"", "ContainerCreating"})
    if troubles:
        return f"{behind}, its Pods: {', '.join(troubles)}"
    return behind if count or any(map(objects.is_ready, alive)) else f"{behind}, no Pod behind it is ready"


def nobody_yet(service: Object, snapshot: Snapshot) -> NotYet:
    """Return the verdict on a Service that lacks endpoints, with the time after which it is final."""
    why = who_is_behind(service, snapshot)
    if not objects.endpoints(snapshot, service):
        if not snapshot.all("Pod"):
            return NotYet(why, _NOBODY_THERE)
        if not objects.selected(snapshot, service):
            # Where a controller is about to make such Pods, another's may only have come first.
            awaited = [one for one in objects.behind(snapshot, service) if one["spec"].get("replicas", 1)]
            return NotYet(why, None if awaited else _SELECTS_NOBODY)
        if not objects.has_ports(snapshot, service):
            return NotYet(why, _SELECTS_NOBODY)
    return NotYet(why)


@dataclass(frozen=True)
class _Endpoints(Basic):
    count: int
    port: int | None
    probed: bool

    def describe(self, target: Target) -> str:
        port = f" on port {self.port}" if self.port else ""
        probed = ", each with a readinessProbe" if self.probed else ""
        return f"{target.title}{port} with {plural(self.count, 'ready Pod')} behind it{probed}"

    def check(self, scene: Scene) -> Verdict:
        for service in scene.alive:
            ports = [one.get("port") for one in service["spec"].get("ports") or []]
            if self.port and self.port not in ports:
                return Impossible(f"{objects.title(service)} on port {', '.join(map(str, ports))}")
            pods = objects.endpoints(scene.snapshot, service)
            if self.probed and any(not _probed(one) for one in pods):
                return Impossible(f"Pods of {objects.title(service)} without a readinessProbe")
            # Before the Pods: on the way to three there may be two for a moment.
            owners = objects.behind(scene.snapshot, service)
            asked = sum(owner["spec"].get("replicas", 1) for owner in owners)
            if owners and asked != self.count:
                who = " and ".join(map(objects.title, owners))
                asks = "asks" if len(owners) == 1 else "ask"
                return NotYet(f"{who} {asks} for {plural(asked, 'replica')}", _UNCHANGED)
            return Met([service]) if len(pods) == self.count else nobody_yet(service, scene.snapshot)
        return NotYet(what_is_there(scene))


def endpoints(count: int, *, port: int | None = None, probed: bool = False) -> Condition:
    """Whether exactly `count` ready Pods are behind the Service, which has `port`.

    `probed` asks that each of them says by a readinessProbe that it is ready.
    """
    return _Endpoints(count, port, probed)


def _probed(pod: Object) -> bool:
    return all("readinessProbe" in one for one in objects.containers(pod))


@dataclass(frozen=True)
class Serving(Basic):
    """Whether somebody is there to answer `url`: what a request waits for before it is sent."""

    url: str

    def describe(self, target: Target) -> str:
        """Say what the request is to give."""
        del target
        return f"HTTP 200 from {self.url}"

    def check(self, scene: Scene) -> Verdict:
        """Judge by the Service's EndpointSlices."""
        for service in scene.alive:
            found = objects.endpoints(scene.snapshot, service)
            return Met(found) if found else nobody_yet(service, scene.snapshot)
        return NotYet(what_is_there(scene))


@dataclass(frozen=True)
class _Existing(Basic):
    def describe(self, target: Target) -> str:
        return target.title

    def check(self, scene: Scene) -> Verdict:
        return Met(scene.alive) if scene.alive else NotYet(what_is_there(scene))


def existing() -> Condition:
    """Whether the object is there and not terminating."""
    return _Existing()


def _type(service: Object) -> str:
    return str(service["spec"].get("type") or "ClusterIP")


@dataclass(frozen=True)
class _NodePort(Basic):
    port: int
    where = ("nodePort",)

    def describe(self, target: Target) -> str:
        return f"{target.title} on node port {self.port}"

    def check(self, scene: Scene) -> Verdict:
        for service in scene.alive:
            given = [one["nodePort"] for one in service["spec"].get("ports") or [] if one.get("nodePort")]
            if self.port in given:
                return Met([service])
            if not given:
                return Impossible(f"a {_type(service)} without a node port")
            return Impossible(f"node port {given[0]}")
        return NotYet(what_is_there(scene))


def node_port(port: int) -> Condition:
    """Whether the Service is open on `port` of every node."""
    return _NodePort(port)


def _given(service: Object) -> list[str]:
    """Return the addresses that a provider gave the Service."""
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
    return [str(one.get("ip") or one.get("hostname")) for one in ingress]


@dataclass(frozen=True)
class _Pending(Basic):
    where = ("type",)

    def describe(self, target: Target) -> str:
        return f"{target.title} of type LoadBalancer, its external address pending"

    def check(self, scene: Scene) -> Verdict:
        for service in scene.alive:
            if _type(service) != "LoadBalancer":
                return Impossible(f"{objects.title(service)} of type {_type(service)}")
            given = _given(service)
            return NotYet(f"external address {', '.join(given)}") if given else Met([service])
        return NotYet(what_is_there(scene))


def pending_address() -> Condition:
    """Whether the Service waits for a provider: EXTERNAL-IP shows <pending>."""
    return _Pending()


@dataclass(frozen=True)
class _External(Basic):
    address: str
    where = ("type",)

    def describe(self, target: Target) -> str:
        return f"{target.title} with the external address {self.address}"

    def check(self, scene: Scene) -> Verdict:
        for service in scene.alive:
            given = _given(service)
            if self.address in given:
                return Met([service])
            return NotYet(f"external address {', '.join(given) or 'pending'}")
        return NotYet(what_is_there(scene))


def external_address(address: str) -> Condition:
    """Whether a provider has given the Service that address."""
    return _External(address)


@dataclass(frozen=True)
class Records:
    """What the cluster's DNS answers: addresses or names, and the moment in the cluster to compare with."""

    found: list[str]
    snapshot: Snapshot

    @property
    def shown(self) -> str:
        """Return them as a person says them."""
        return ", ".join(self.found) or "no such record"


class RecordCondition(Protocol):
    """A predicate over DNS records."""

    def describe(self, name: str) -> str:
        """Say what is expected of `name`."""

    def check(self, records: Records) -> Verdict:
        """Judge one answer."""


class HasTarget(Protocol):
    """Several Pods, as a lab hands them out."""

    @property
    def target(self) -> Target:
        """Return what conditions judge."""


@dataclass(frozen=True)
class _AddressesOf:
    pods: Target = field(repr=False)

    def describe(self, name: str) -> str:
        return f"the name {name} to give the addresses of {self.pods.title}"

    def check(self, records: Records) -> Verdict:
        wanted = {
            str((one.get("status") or {}).get("podIP"))
            for one in self.pods.select(records.snapshot)
            if objects.is_ready(one)
        }
        if wanted and set(records.found) == wanted:
            return Met([])
        known = len(wanted & set(records.found))
        return NotYet(
            f"those of {known} of {plural(len(wanted), 'Pod')}, and {len(records.found) - known} other"
        )


def addresses_of(pods: HasTarget) -> RecordCondition:
    """Whether the name gives the addresses of exactly these Pods, those of them that are ready."""
    return _AddressesOf(pods.target)


@dataclass(frozen=True)
class _AliasOf:
    name: str

    def describe(self, name: str) -> str:
        return f"the name {name} to be an alias of {self.name}: a CNAME record"

    def check(self, records: Records) -> Verdict:
        if records.found == [self.name]:
            return Met([])
        return NotYet(f"an alias of {records.shown}" if records.found else "no CNAME record")


def alias_of(name: str) -> RecordCondition:
    """Whether the name is an alias of `name`."""
    return _AliasOf(name)
