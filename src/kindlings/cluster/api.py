"""The API server at its edge: JSON in, JSON out, by the official client's connection and credentials.

Objects stay the plain dictionaries that the API sent, so that a recorded history is what really happened.
"""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import tenacity
import urllib3
import yaml

from kindlings.errors import MEND_CLUSTER, InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from urllib3.response import BaseHTTPResponse

JSON: Final = "application/json"
APPLY: Final = "application/apply-patch+yaml"
MERGE: Final = "application/merge-patch+json"

PATIENCE: Final = float(os.environ.get("KINDLINGS_PATIENCE") or 60)
"""Seconds an API server may be away before it counts as gone: a restarted one is back in about 20."""

_BUSY: Final = frozenset({429, 500, 502, 503, 504})

STARTING: Final = 10.0
"""Seconds for which a server that has just started may forbid its administrator everything.

kubeadm's administrator has its rights by RBAC, and a server answers before it has loaded the roles.
"""


@dataclass(frozen=True)
class Kind:
    """A kind of object and where the API serves it."""

    kind: str
    resource: str
    group_version: str = "v1"

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str = "") -> str:
        """Return the URL path of the collection, of one object, or of its subresource."""
        root = (
            f"/api/{self.group_version}" if "/" not in self.group_version else f"/apis/{self.group_version}"
        )
        parts = [root]
        if namespace is not None:
            parts += ["namespaces", namespace]
        parts.append(self.resource)
        if name is not None:
            parts.append(name)
        if subresource:
            parts.append(subresource)
        return "/".join(parts)


KINDS: Final = {
    kind.kind: kind
    for kind in (
        Kind("Pod", "pods"),
        Kind("Service", "services"),
        Kind("ConfigMap", "configmaps"),
        Kind("Secret", "secrets"),
        Kind("PersistentVolumeClaim", "persistentvolumeclaims"),
        Kind("ServiceAccount", "serviceaccounts"),
        Kind("Event", "events"),
        Kind("Namespace", "namespaces"),
        Kind("Node", "nodes"),
        Kind("ResourceQuota", "resourcequotas"),
        Kind("ReplicaSet", "replicasets", "apps/v1"),
        Kind("Deployment", "deployments", "apps/v1"),
        Kind("DaemonSet", "daemonsets", "apps/v1"),
        Kind("StatefulSet", "statefulsets", "apps/v1"),
        Kind("EndpointSlice", "endpointslices", "discovery.k8s.io/v1"),
        Kind("Role", "roles", "rbac.authorization.k8s.io/v1"),
        Kind("RoleBinding", "rolebindings", "rbac.authorization.k8s.io/v1"),
    )
}

NODE_LEASES: Final = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
"""Where the nodes' leases are, which a kubelet that lives renews."""


COUNTED_MEANWHILE: Final = "Operation cannot be fulfilled on resourcequotas"
"""How an object is refused, with 409, while others of its namespace are counted: nothing was made.

The server itself tries three times before (k8s.io/apiserver, admission/plugin/resourcequota/controller.go).
No learner can write such words into a message: a name has no space.
"""


class Refusal(Exception):  # noqa: N818 - an answer of the API server, not an error of ours
    """The API server answered with a Status of failure."""

    def __init__(self, code: int, status: Mapping[str, Any]) -> None:
        """Keep the HTTP `code` and the Status object."""
        self.code = code
        self.reason: str = status.get("reason") or ""
        self.message: str = status.get("message") or f"HTTP {code}"
        details = status.get("details") or {}
        self.causes: list[dict[str, str]] = details.get("causes") or []
        super().__init__(self.message)


def _lost_the_count(response: BaseHTTPResponse) -> bool:
    return response.status == 409 and COUNTED_MEANWHILE.encode() in response.data


class Api:
    """A connection to one API server, as its administrator or impersonating `user` (of `groups`).

    Thread-safe: urllib3's pool lends each request a connection of its own.
    """

    def __init__(self, kubeconfig: Path, *, context: str | None = None, pool_size: int = 40) -> None:
        """Read `kubeconfig` and nothing of the user's own; raises InfrastructureError where it cannot."""
        from kubernetes import client, config  # noqa: PLC0415 - takes 0.7 s, and only cluster runs need it

        configuration = client.Configuration()
        configuration.connection_pool_maxsize = pool_size
        try:
            config.load_kube_config(  # type: ignore[no-untyped-call]
                str(kubeconfig), context=context, client_configuration=configuration
            )
        except (config.ConfigException, OSError, yaml.YAMLError, TypeError) as error:  # TypeError: no mapping
            raise InfrastructureError(
                f"The cluster's kubeconfig cannot be used: {error}",
                "Run `kindlings up`: it writes a new one.",
            ) from None
        self.client = client.ApiClient(configuration)
        self.server: str = configuration.host
        self._pool: urllib3.PoolManager = self.client.rest_client.pool_manager
        self._headers = {"Accept": JSON, "User-Agent": "kindlings"}
        token = configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        if token:
            self._headers["Authorization"] = token

    def acting_as(self, user: str) -> Api:
        """Return the same connection with every request impersonating `user`."""
        other = object.__new__(Api)
        other.__dict__ |= self.__dict__
        other._headers = self._headers | {"Impersonate-User": user}
        return other

    @property
    def credentials(self) -> dict[str, str]:
        """Return the headers that say whose requests these are, for a connection that is not ours."""
        token = self._headers.get("Authorization")
        return {"authorization": token} if token else {}

    @property
    def impersonation(self) -> str:
        """Return the impersonated user, or an empty string."""
        return self._headers.get("Impersonate-User", "")

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """Return the object or list at `path`; raises Refusal."""
        return self._json(self._send("GET", path, query))

    def text(self, path: str, **query: str) -> str:
        """Return what `path` answers as text (logs)."""
        return self._checked(self._send("GET", path, query)).data.decode("utf-8", "replace")

    def create(self, path: str, body: Mapping[str, Any], **query: str) -> dict[str, Any]:
        """POST `body`; with fieldValidation=Strict an unknown field is refused with 400."""
        return self._json(self._send("POST", path, query, body))

    def warnings(self, path: str, body: Mapping[str, Any]) -> list[str]:
        """Return what the server warns of in an object that it looks at and does not make; raises Refusal."""
        response = self._checked(self._send("POST", path, {"dryRun": "All", "fieldValidation": "Warn"}, body))
        # RFC 9111's predecessor: 299 - "the text"
        return [re.sub(r'^\d{3} \S+ "(.*)"$', r"\1", one) for one in response.headers.getlist("Warning")]

    def patch(self, path: str, body: object, content_type: str = MERGE, **query: str) -> dict[str, Any]:
        """PATCH the object at `path`."""
        return self._json(self._send("PATCH", path, query, body, content_type))

    def delete(self, path: str, body: Mapping[str, Any] | None = None, **query: str) -> None:
        """DELETE what is at `path`; nothing there is fine."""
        response = self._send("DELETE", path, query, body)
        if response.status != 404:
            self._checked(response)

    def stream(self, path: str, *, read_timeout: float | None = None, **query: str) -> Stream:
        """Open `path` as a stream of lines (watch, followed log); one attempt, no retry.

        Raises Refusal where the server refuses, urllib3's HTTPError where it is not there.
        """
        response = self._once(
            "GET", path, query, timeout=urllib3.Timeout(connect=5, read=read_timeout), preload=False
        )
        return Stream(self._checked(response))

    def _send(
        self, method: str, path: str, query: Mapping[str, str], body: object = None, content_type: str = JSON
    ) -> BaseHTTPResponse:
        """Send one request, waiting up to PATIENCE for a server that is away; an answer is never repeated.

        What may have been done already (anything but a read) is sent again only where no connection was made.
        """
        safe = method == "GET"
        attempt: Callable[[], BaseHTTPResponse] = lambda: self._once(  # noqa: E731
            method, path, query, body, content_type, timeout=urllib3.Timeout(connect=5, read=30)
        )
        retry: tenacity.retry_base = tenacity.retry_if_exception_type(
            urllib3.exceptions.HTTPError if safe else urllib3.exceptions.NewConnectionError
        )
        started = time.monotonic()
        retry = retry | tenacity.retry_if_result(
            lambda response: self._starts(response) and time.monotonic() - started < STARTING
        )
        retry = retry | tenacity.retry_if_result(_lost_the_count)
        if safe:
            retry = retry | tenacity.retry_if_result(lambda response: response.status in _BUSY)
        retrying = tenacity.Retrying(
            retry=retry,
            stop=tenacity.stop_after_delay(PATIENCE),
            wait=tenacity.wait_random_exponential(multiplier=0.05, max=1),
        )
        try:
            return retrying(attempt)
        except tenacity.RetryError as error:
            last = error.last_attempt
            words = None if last.failed else OSError(f"HTTP {last.result().status}, {_said(last.result())}")
            raise self._away(last.exception() or words) from None
        except urllib3.exceptions.HTTPError as error:
            raise self._away(error) from None

    def _starts(self, response: BaseHTTPResponse) -> bool:
        """Tell whether a server forbids what our administrator may do: nothing was done then.

        What forbids the impersonated user is an answer. A name has no space, so no learner can write such
        words into a message.
        """
        if response.status != 403:
            return False
        return b" cannot impersonate" in response.data or (
            not self.impersonation and b" in API group " in response.data
        )

    def _away(self, error: BaseException | None) -> InfrastructureError:
        return InfrastructureError(
            f"The cluster's API server at {self.server} does not answer: {_last_words(error)}",
            MEND_CLUSTER,
        )

    def _once(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: object = None,
        content_type: str = JSON,
        *,
        timeout: urllib3.Timeout,
        preload: bool = True,
    ) -> BaseHTTPResponse:
        headers = self._headers if body is None else self._headers | {"Content-Type": content_type}
        return self._pool.request(
            method,
            f"{self.server}{path}" + (f"?{urlencode(query)}" if query else ""),
            body=None if body is None else json.dumps(body).encode(),
            headers=headers,
            timeout=timeout,
            retries=False,
            preload_content=preload,
        )

    def _json(self, response: BaseHTTPResponse) -> dict[str, Any]:
        result: dict[str, Any] = json.loads(self._checked(response).data)
        return result

    @staticmethod
    def _checked(response: BaseHTTPResponse) -> BaseHTTPResponse:
        if response.status < 400:
            return response
        try:
            status = json.loads(response.data)
        except ValueError:
            status = {"message": response.data.decode("utf-8", "replace")[:500]}
        raise Refusal(response.status, status if isinstance(status, dict) else {})


class Stream:
    """Lines of a response as they come; `close` may be called by another thread and ends the reading."""

    def __init__(self, response: BaseHTTPResponse) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        """Yield whole lines; ends when the server ends them or `close` is called.

        Raises urllib3's HTTPError where the connection breaks.
        """
        rest = b""
        for chunk in self._response.stream(65536):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines
        if rest:
            yield rest

    def close(self) -> None:
        """End the stream, also while another thread reads it."""
        try:
            self._response.shutdown()
        except (ValueError, OSError, RuntimeError):
            self._response.close()


def _said(response: BaseHTTPResponse) -> str:
    return " ".join(response.data.decode("utf-8", "replace").split())[:200]


def _last_words(error: BaseException | None) -> str:
    return str(error).rsplit(": ", 1)[-1] if error else "no answer"
