"""`kindlings dashboard` as a learner has it: a command, an address, Ctrl-C."""

from __future__ import annotations

import http.client
import re
import signal
import subprocess
import sys

import pytest

from tests.cluster.course_run import ROOT


@pytest.mark.usefixtures("kind_cluster")
def test_the_dashboard_is_served_until_ctrl_c() -> None:
    """The address that it prints shows the cluster's own Pods, and Ctrl-C ends it with exit code 0."""
    launched = [sys.executable, "-c", "from kindlings.cli import main; main()", "dashboard"]
    with subprocess.Popen(launched, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:(\d+)(/\S+/)", process.stdout.readline())
            assert found is not None
            connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=30)
            connection.request("GET", found[2])
            answer = connection.getresponse()
            text = answer.read().decode()
            assert answer.status == 200
            assert re.search(r'id="kube-system/etcd-[^"]+">.*<td>Running</td>', text)
            connection.close()
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()
