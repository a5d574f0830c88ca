"""What a lesson shows is compared without what differs each time."""

from __future__ import annotations

import pytest

from kindlings.authoring.volatile import Settling

PODS = """\
NAME                READY   STATUS    RESTARTS      AGE
pod/counter-zzzzz   1/1     Running   0             3m10s
pod/counter-bbbbb   1/1     Running   1 (15s ago)   119s
"""
SETTLED = """\
NAME                READY   STATUS    RESTARTS     AGE
pod/counter-6x4wq   1/1     Running   0            12s
pod/counter-8m2jd   1/1     Running   1 (4s ago)   12s"""
AGENTS = """\
NAME          READY   STATUS    AGE   IP             NODE
agent-{0}   1/1     Running   8s    10.244.1.95    worker
agent-{1}   1/1     Running   8s    10.244.2.100   worker2
"""
CLAIMS = """\
NAME                STATUS   VOLUME                                     CAPACITY   AGE
pvc/data-0          Bound    pvc-ae8d1dd2-418c-49d4-8df5-6aa2e96733c4   10Mi       7s
pvc/data-1          Pending                                                        7s

NAME              TYPE        CLUSTER-IP     PORT(S)   AGE
service/golang    ClusterIP   10.96.200.9    80/TCP    5s
"""
LOG = "0: Mon Nov  2 09:59:59 UTC 2026\n1: Mon Nov  2 10:00:02 UTC 2026\n"
HISTORY = "daemonset.apps/agent\nREVISION  CHANGE-CAUSE\n2         <none>\n"


def test_made_up_parts_have_stand_ins() -> None:
    """Names, ages and restarts are replaced, and the columns stay aligned."""
    assert Settling().settle(PODS) == SETTLED


@pytest.mark.parametrize("text", [PODS, AGENTS.format("zzzzz", "bbbbb"), CLAIMS, LOG, HISTORY])
def test_settled_text_stays(text: str) -> None:
    """To settle it once more changes nothing."""
    once = Settling().settle(text)
    assert Settling().settle(once) == once


def test_chance_decides_no_order() -> None:
    """Of Pods that are listed by made-up names, the one on the first node comes first."""
    one = AGENTS.format("bbbbb", "zzzzz")
    lines = AGENTS.format("zzzzz", "bbbbb").splitlines()
    other = "\n".join([lines[0], lines[2], lines[1]])
    assert Settling().settle(one) == Settling().settle(other)
    assert "agent-6x4wq   1/1     Running   12s   10.244.1.5   worker" in Settling().settle(one)


def test_a_name_keeps_its_stand_in() -> None:
    """In a later output the Pod that stayed comes first, whatever its replacement is called."""
    for newcomer in ("aaaa2", "zzzz9"):
        settling = Settling()
        settling.settle("NAME\ncounter-bbbbb\ncounter-ccccc\n")
        later = sorted([f"counter-{newcomer.replace('a', 'b')}", "counter-ccccc"])
        shown = settling.settle("\n".join(["NAME", *later]))
        assert shown == "NAME\ncounter-8m2jd\ncounter-9tc7b"


def test_columns_with_nothing_in_them_stay() -> None:
    """A claim without a volume keeps its empty cells, and each table its own widths."""
    settled = Settling().settle(CLAIMS).splitlines()
    assert settled[2].split() == ["pvc/data-1", "Pending", "12s"]
    assert settled[0].index("AGE") == settled[2].index("12s")
    assert settled[5].startswith("service/golang   ClusterIP   10.96.31.120   80/TCP")


def test_times_follow_each_other() -> None:
    """A log's times become seconds that follow each other."""
    assert Settling().settle(LOG) == "0: Mon Nov 23 11:33:50 UTC 2026\n1: Mon Nov 23 11:33:51 UTC 2026"


def test_two_addresses_stay_two() -> None:
    """An address that looks like another one's stand-in is not taken for it."""
    shown = Settling().settle("10.244.9.9 10.244.1.5 10.244.9.9")
    assert shown == "10.244.1.5 10.244.2.6 10.244.1.5"


@pytest.mark.parametrize("word", ["golang-svc", "counter-f6f5994bf", "data-counter-0", "kindlings-worker2"])
def test_what_authors_name_stays(word: str) -> None:
    """Names that a file gives, and the hash of a template, are shown as they are."""
    assert Settling().settle(f"NAME\n{word}\n") == f"NAME\n{word}"
