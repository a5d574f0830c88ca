"""The cluster that is graded on: there before the first submission, and asked whether it lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import tenacity

from kindlings import objects, paths
from kindlings.errors import InfrastructureError

if TYPE_CHECKING:
    from kindlings.cluster.api import Api
    from kindlings.grading.trusted import Target
    from kindlings.progress import Progress
    from kindlings.recorder import Object

_SILENCE: Final = 25.0
"""Seconds; a kubelet renews its lease every 10 (https://kubernetes.io/docs/concepts/architecture/leases/)."""


class Place:
    """A cluster that answers, and the version of its API server."""

    def __init__(self, target: Target, progress: Progress) -> None:
        """Bring ours up where it is missing, or connect to the one of the kube context.

        Raises InfrastructureError.
        """
        try:
            self._api = _connected(target, progress)
            self.kubernetes = str(self._api.get("/version").get("gitVersion"))
            self._nodes = {objects.name(node) for node in self._list("Node") if objects.says_ready(node)}
        except InfrastructureError as error:
            if not target.context:
                raise
            raise InfrastructureError(error.message, target.advice) from None

    def healthy(self) -> bool:
        """Tell whether the API server answers, within the patience that it has everywhere."""
        from kindlings.cluster.api import Refusal  # noqa: PLC0415 - needs the cluster's libraries

        try:
            self._api.get("/readyz/ping")
        except InfrastructureError:
            return False
        except (Refusal, ValueError):
            return True  # it answers, if not in JSON
        return True

    def silent_nodes(self) -> list[str]:
        """Return which nodes, of those that were ready at first, no kubelet speaks for any more.

        A live one renews its lease within seconds, so each is asked until it has, for as long as is needed to
        be certain; where leases may not be read, a node's own word counts. Raises InfrastructureError.
        """
        before = self._renewals()
        asked = tenacity.Retrying(
            retry=tenacity.retry_if_result(bool),
            stop=tenacity.stop_after_delay(_SILENCE),
            wait=tenacity.wait_fixed(0.5),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else [],
        )
        silent: list[str] = asked(lambda: sorted(_unchanged(before, self._renewals())))
        unready = {objects.name(node) for node in self._list("Node") if not objects.says_ready(node)}
        return sorted(self._nodes & {*silent, *unready})

    def _renewals(self) -> dict[str, str]:
        """Return by the names of nodes when their leases were renewed; nothing where that is not told."""
        from kindlings.cluster.api import NODE_LEASES, Refusal  # noqa: PLC0415 - as above

        try:
            listed = self._api.get(NODE_LEASES).get("items") or []
        except Refusal:
            return {}
        return {objects.name(lease): str(lease["spec"].get("renewTime")) for lease in listed}

    def _list(self, kind: str) -> list[Object]:
        """Return the cluster's objects of a kind; none where this user may not list them."""
        from kindlings.cluster.api import KINDS, Refusal  # noqa: PLC0415 - needs the cluster's libraries

        try:
            return self._api.get(KINDS[kind].path()).get("items") or []
        except Refusal:
            return []


def _unchanged(before: dict[str, str], now: dict[str, str]) -> set[str]:
    return {name for name, renewed in before.items() if now.get(name) == renewed}


def _connected(target: Target, progress: Progress) -> Api:
    from kindlings.cluster.api import Api  # noqa: PLC0415 - needs the cluster's libraries

    if target.context:
        return Api(paths.user_kubeconfig(), context=target.context)
    from kindlings.cluster.up import up  # noqa: PLC0415 - as above
    from kindlings.progress import Hushed  # noqa: PLC0415 - as above

    return Api(up(Hushed(progress)).kubeconfig_path)
