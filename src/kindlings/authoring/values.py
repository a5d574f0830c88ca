"""Other values for a field: what a learner might have written instead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kindlings import experiments

if TYPE_CHECKING:
    from kindlings.manifests import FieldPath

PORTS: Final = frozenset({"port", "targetPort", "containerPort", "nodePort"})

_CHOICES: Final[dict[tuple[str, ...], tuple[str, ...]]] = {
    ("strategy", "type"): ("RollingUpdate", "Recreate"),
    ("updateStrategy", "type"): ("RollingUpdate", "OnDelete"),
    ("hostPath", "type"): ("DirectoryOrCreate", "Directory", "FileOrCreate"),
    ("spec", "type"): ("ClusterIP", "NodePort", "LoadBalancer", "ClusterIP"),
    ("restartPolicy",): ("Always", "OnFailure", "Never", "Always"),
    ("podManagementPolicy",): ("OrderedReady", "Parallel"),
    ("whenDeleted",): ("Retain", "Delete"),
    ("whenScaled",): ("Retain", "Delete"),
    ("operator",): ("Exists", "Equal"),
    ("effect",): ("NoSchedule", "NoExecute"),
    ("accessModes", "0"): ("ReadWriteOnce", "ReadOnlyMany"),
    ("fieldPath",): ("spec.nodeName", "metadata.name"),
    ("apiVersion",): ("v1", "apps/v1", "extensions/v1beta1"),
    ("component",): experiments.COMPONENTS,
}
"""By the end of a field's path: the words that it may hold, of which the next one is taken."""

_KINDS: Final = {
    "Pod": "Deployment",
    "ReplicaSet": "Deployment",
    "Deployment": "ReplicaSet",
    "DaemonSet": "Deployment",
    "StatefulSet": "Deployment",
    "Service": "Pod",
    "ConfigMap": "Secret",
    "PersistentVolumeClaim": "PersistentVolume",
}
_NUMBER: Final = re.compile(r"-?\d+")
_QUANTITY: Final = re.compile(r"(\d+)([KMGT]i?)?")
_WORD: Final = re.compile(r"[A-Za-z]{3,}")


def typo(word: str) -> str:
    """Return `word` with two neighbouring letters of its middle changed about."""
    for at in (len(word) // 2, *range(1, len(word) - 1), 0):
        if at + 1 < len(word) and word[at] != word[at + 1] and word[at : at + 2].isalnum():
            return f"{word[:at]}{word[at + 1]}{word[at]}{word[at + 2 :]}"
    return f"{word}{word[-1:] or 'x'}"


def mistyped(text: str) -> str:
    """Return a text with a typo in its first word of three letters and more."""
    found = _WORD.search(text)
    if found:
        return f"{text[: found.start()]}{typo(found[0])}{text[found.end() :]}"
    bare = text.rstrip("\n")
    return f"{bare[:-1]}{chr(ord(bare[-1]) + 1)}{text[len(bare) :]}"  # -c is -d, v1 is v2


def changed(text: str) -> str:
    """Return a number or quantity that is one more, and any other text with a typo."""
    found = _QUANTITY.fullmatch(text) or _NUMBER.fullmatch(text)
    return f"{int(_NUMBER.match(text)[0]) + 1}{_NUMBER.sub('', text, 1)}" if found else mistyped(text)  # type: ignore[index] # both begin with digits


def choice(path: FieldPath, value: str) -> str:
    """Return another word that the field could hold, or an empty string where none is known."""
    if path == ("kind",):
        return _KINDS.get(value, "")
    if path[-1] == "outcome":
        return _outcome(value)
    parts = tuple(map(str, path))
    for end, words in _CHOICES.items():
        if parts[-len(end) :] == end and value in words and (end != ("apiVersion",) or len(parts) == 1):
            return words[(words.index(value) + 1) % len(words)]
    return ""


def _outcome(value: str) -> str:
    """Return another outcome of the experiment that has this one."""
    kinds = (
        experiments.new_pod,
        experiments.deleted_pod,
        experiments.new_service,
        experiments.silent_node,
        experiments.api_readiness,
    )
    for outcomes in (list(make().outcomes) for make in kinds):
        if value in outcomes:
            return str(outcomes[(outcomes.index(value) + 1) % len(outcomes)])
    return ""


def images(value: str) -> dict[str, str]:
    """Return other images by what is other: a tag that nodes lack, and another image of the course."""
    name = value.partition(":")[0]
    other = "kindlings/web:1.0" if name == "busybox" else "busybox:1.36"
    return {"tag": f"{name}:0.0", "other": other}


def ports(value: int) -> dict[str, int]:
    """Return other ports by what is other."""
    return {"next": value + 1, "usual": 8080 if value == 80 else 80}
