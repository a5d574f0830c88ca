"""What a lesson sees of a Pod on the dashboard: the page itself is asked for, and read."""

from __future__ import annotations

import http.client
import re
from html import unescape
from typing import TYPE_CHECKING

from kindlings import explain
from kindlings.cluster.ports import ADDRESS
from kindlings.dashboard import served
from kindlings.errors import Findings, InfrastructureError, LabFailure
from kindlings.explain import crashes

if TYPE_CHECKING:
    from kindlings.handles import Pod

_READ = "https://kubernetes.io/docs/tasks/debug/debug-application/debug-running-pod/"


class Shown:
    """One Pod's row on the dashboard, and the pages of its logs."""

    def __init__(self, pod: Pod) -> None:
        """Look at `pod`."""
        self._pod = pod

    def row(self, phase: str, restarts: int) -> Shown:
        """Demand that the Pod's row has that phase and that many restarts. Raises LabFailure."""
        lab, name = self._pod.lab, self._pod.name
        found = re.search(f'<tr [^>]*id="{lab.namespace}/{name}">(.*?)</tr>', self._get(""))
        if found is None:
            raise self._failure(f"Pod {name} on the dashboard", "no such Pod there")
        cells = [_text(cell) for cell in re.findall("<td>(.*?)</td>", found[1])]
        if (cells[3], cells[5]) != (phase, str(restarts)):
            saw = f"{cells[3]}, restarts: {cells[5]}"
            raise self._failure(f"Pod {name} on the dashboard {phase}, restarts: {restarts}", saw)
        return self

    def log(self, container: str, wanted: str) -> Shown:
        """Demand that the page of the container's log has `wanted`. Raises LabFailure."""
        lab, name = self._pod.lab, self._pod.name
        page = self._get(f"log/{lab.namespace}/{name}/{container}")
        found = re.search("<pre>(.*)</pre>", page, re.DOTALL)
        said = unescape(found[1]).strip() if found else ""
        if wanted in said:
            return self
        last = said.splitlines()[-1:] or ["nothing"]
        expected = f"the log of container {container} on the dashboard to say {wanted}"
        document = lab.document("Pod", name)
        because, _ = crashes.written(document, container, last[0], lab.sources)
        raise self._failure(expected, last[0][:120], because)

    def _get(self, path: str) -> str:
        """Ask for the page as a browser does, past any proxy."""
        with served(self._pod.lab.observer) as page:
            connection = http.client.HTTPConnection(ADDRESS, page.port, timeout=30)
            try:
                connection.request("GET", f"/{page.token}/{path}")
                answer = connection.getresponse()
                text = answer.read().decode()
            finally:
                connection.close()
        if answer.status != 200 and not path:
            raise InfrastructureError(f"The dashboard shows no Pods: {_text(text)[-200:]}")
        return text

    def _failure(self, expected: str, saw: str, because: str = "") -> LabFailure:
        lab, name = self._pod.lab, self._pod.name
        document = lab.document("Pod", name)
        place = None
        if document is not None:
            place = document.at("spec", "containers")
            because = because or explain.container_names(document, lab.sources)
        return LabFailure(Findings(expected, saw, because, "kindlings dashboard", _READ, place=place))


def on_dashboard(pod: Pod) -> Shown:
    """Return the Pod as the dashboard shows it."""
    return Shown(pod)


def _text(html: str) -> str:
    return unescape(re.sub("<[^>]*>", "", html)).strip()
