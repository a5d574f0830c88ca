"""The cluster that is graded on: there before the first submission, and asked whether it lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kindlings import paths
from kindlings.errors import InfrastructureError

if TYPE_CHECKING:
    from kindlings.cluster.api import Api
    from kindlings.grading.trusted import Target
    from kindlings.progress import Progress


class Place:
    """A cluster that answers, and the version of its API server."""

    def __init__(self, target: Target, progress: Progress) -> None:
        """Bring ours up where it is missing, or connect to the one of the kube context.

        Raises InfrastructureError.
        """
        try:
            self._api = _connected(target, progress)
            self.kubernetes = str(self._api.get("/version").get("gitVersion"))
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


def _connected(target: Target, progress: Progress) -> Api:
    from kindlings.cluster.api import Api  # noqa: PLC0415 - needs the cluster's libraries

    if target.context:
        return Api(paths.user_kubeconfig(), context=target.context)
    from kindlings.cluster.up import up  # noqa: PLC0415 - as above
    from kindlings.progress import Hushed  # noqa: PLC0415 - as above

    return Api(up(Hushed(progress)).kubeconfig_path)
