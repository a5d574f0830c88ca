"""What a command line got wrong: from kubectl's words to the learner's line and the objects there are."""

from __future__ import annotations

import difflib
import re
import shlex
from typing import TYPE_CHECKING, Final

from kindlings.commands import READ
from kindlings.errors import Findings, LabFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kindlings.commands import Parsed
    from kindlings.errors import Place
    from kindlings.explain.sources import Sources
    from kindlings.manifests import Document, FieldPath

READ_LABELS: Final = "https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/"
_READ_HISTORY: Final = (
    "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-back-a-deployment"
)
_NOT_FOUND: Final = re.compile(r'(\w+)(?:\.[\w.]+)? "([^"]+)" not found')
_NO_TYPE: Final = re.compile(r'the server doesn\'t have a resource type "([^"]+)"')
_NO_CONTAINER: Final = re.compile(r'unable to find container named "?([^"\s]+)"?')
_PODS: Final = {"pods", "pod", "po"}
_TYPES: Final = (
    *("pods", "services", "configmaps", "persistentvolumeclaims"),
    *("replicasets", "deployments", "daemonsets", "statefulsets"),
)


def failed(one: Parsed, words: str, sources: Sources) -> LabFailure:
    """Return the failure for a command that kubectl ended with an error, in its `words`."""
    because, read = _because(one, words, sources)
    return LabFailure(
        Findings(
            expected=f"{one.command.text} to work",
            saw=_shown(words),
            because=because,
            look=sources.look("get all --show-labels"),
            read=read,
            place=one.command.place,
        )
    )


def _because(one: Parsed, words: str, sources: Sources) -> tuple[str, str]:
    if missing := _missing(one.command.place, words, sources):
        return missing, READ
    return _miswritten(one, words, sources)


def _missing(place: Place, words: str, sources: Sources) -> str:
    """Say what the line names and the lab has not, where it is that; else nothing."""
    if match := _NOT_FOUND.search(words):
        kind = match[1].removesuffix("s")
        return f"there is no {kind} {match[2]} ({place}); the lab has {_objects(sources)}"
    if match := _NO_TYPE.search(words):
        return f"there is no kind of object {match[1]} ({place}){_meant(match[1], sources)}"
    if match := _NO_CONTAINER.search(words):
        return f"there is no container {match[1]} ({place}); {_containers(sources)}"
    return ""


def _miswritten(one: Parsed, words: str, sources: Sources) -> tuple[str, str]:
    """Say what is wrong with the line itself, or that kubectl refuses it."""
    place = one.command.place
    if "unable to parse requirement" in words:
        return _no_selector(one), READ_LABELS
    if one.verb == "set image" and not any("=" in word for word in one.about):
        return f"the line has no CONTAINER=IMAGE ({place}); {_containers(sources)}", READ
    if one.verb in {"annotate", "label"} and "must be specified before" in words:
        alone = words.rsplit(": ", 1)[-1].strip()
        return f"{alone} stands by itself ({place}): a value with a space in it needs quotes around it", READ
    if "rollout history" in words or "revision" in words:
        return _history(one, sources), _READ_HISTORY
    if "--overwrite is false" in words:
        return f"there is a value already, and only --overwrite replaces it ({place})", READ
    if "resource" in words and ("not specified" in words or "must provide" in words or "required" in words):
        return f"the line does not say which object ({place}); the lab has {_objects(sources)}", READ
    if "within" in words and "no answer" in words:
        return f"{place} waits for what does not come", READ
    return f"kubectl refuses the line {place}", READ


def _shown(words: str) -> str:
    """Return the first line of what kubectl said, without its own prefixes."""
    line = next((line.strip() for line in words.splitlines() if line.strip()), "nothing")
    said = line.removeprefix("error: ").removeprefix("Error: ")
    return said if len(said) <= 160 else f"{said[:159]}…"


def _objects(sources: Sources) -> str:
    return " and ".join(one.title for one in sources.documents) or "no object yet"


def _containers(sources: Sources) -> str:
    for document in sources.documents:
        path = (*sources.pod_root(document), "spec", "containers")
        names = [str(one.get("name")) for one in document.get(*path) or [] if isinstance(one, dict)]
        if names:
            return f"{document.title} has {' and '.join(names)} ({document.at(*path, 0, 'name')})"
    return "the lab has none"


def _meant(word: str, sources: Sources) -> str:
    """Say which kind `word` is meant for, or that it is the name of an object of the lab; else nothing."""
    for document in sources.documents:
        if document.name == word:
            return f"; {word} is a name, and the kind comes before it: {document.kind.lower()} {word}"
    near = difflib.get_close_matches(word, _TYPES, n=1)
    return f"; did you mean {near[0].removesuffix('s')}?" if near else ""


def _no_selector(one: Parsed) -> str:
    """Say how a selector is written, by the learner's own words where a colon alone is wrong."""
    given = [value for flag, value in one.flags if flag in {"-l", "--selector"}]
    selector = given[-1] if given else ""
    start = f"{selector} is no selector ({one.command.place})"
    if ":" in selector:
        return f"{start}: a label and its value are joined by =, as in {selector.replace(':', '=')}"
    return f"{start}: it is key=value, key!=value, key, !key or 'key in (a, b)', several joined by commas"


def _history(one: Parsed, sources: Sources) -> str:
    place = one.command.place
    for document in sources.documents:
        limit = document.get("spec", "revisionHistoryLimit")
        if limit is not None:
            where = document.at("spec", "revisionHistoryLimit")
            return f"revisionHistoryLimit is {limit} ({where}): of the versions before, {limit} are kept"
    why = "kubectl rollout history lists those that are"
    before = [one.place for one in sources.commands if one.words[:2] == ("rollout", "undo")]
    if undone := [one for one in before if one != place]:
        why = f"{undone[0]} has brought a version back, and given it a new number"
    return f"the revision that {place} asks for is not there; {why}"


def ran(sources: Sources) -> str:
    """Say which commands were run, the last three at most, each with its line."""
    return "; ".join(f"after {one.text} ({one.place})" for one in sources.commands[-3:])


def selection(text: str, place: Place, sources: Sources) -> str:
    """Say what a `kubectl get` selects by and which labels there are, where it selects; else nothing."""
    words = shlex.split(text)
    if "get" not in words:
        return ""
    given = [value for flag, value in _pairs(words) if flag in {"-l", "--selector"}]
    selector = given[-1] if given else ""
    of_pods = any(word.partition("/")[0] in _PODS for word in words)
    labels = [_labels(one, sources.pod_root(one) if of_pods else ()) for one in sources.documents]
    asks = f"{place} selects {selector}" if selector else f"{place} selects nothing, as it has no -l"
    if len(given) > 1:
        asks += ", as of several -l only the last counts: a comma joins requirements"
    elif twice := _two_values(selector):
        asks += f", and nothing has two values of {twice}: a comma means that both must hold"
    whose = "the Pods' labels" if of_pods else "the objects' own labels"
    return f"{asks}; {whose}: {'; '.join(labels)}"


def _labels(document: Document, root: FieldPath) -> str:
    """Say which labels a document gives its object, or its Pods, and where."""
    path = (*root, "metadata", "labels")
    carried = document.get(*path)
    labels = [f"{key}={value}" for key, value in carried.items()] if isinstance(carried, dict) else []
    return f"{document.name} {', '.join(labels) or 'none'} ({document.at(*path)})"


def misnamed(wanted: Sequence[str], sources: Sources) -> str:
    """Say which of the objects that are `wanted` the files do not have by that name; or nothing."""
    there = {one.name: one.at("metadata", "name") for one in sources.documents}
    for name in wanted:
        if name not in there:
            near = difflib.get_close_matches(name, there, n=1)
            return f"nothing is called {name}" + (f"; there is {near[0]} ({there[near[0]]})" if near else "")
    return ""


def _two_values(selector: str) -> str:
    """Return the label of which a selector wants two values at once, as nothing can have it; else nothing."""
    seen: dict[str, str] = {}
    for part in selector.split(","):
        key, equals, value = part.replace("==", "=").partition("=")
        plain = equals and not key.endswith("!") and "(" not in part
        if plain and seen.setdefault(key.strip(), value.strip()) != value.strip():
            return key.strip()
    return ""


def _pairs(words: list[str]) -> list[tuple[str, str]]:
    """Return flags with their values, each written as one word or as two."""
    found: list[tuple[str, str]] = []
    for index, word in enumerate(words):
        name, equals, value = word.partition("=")
        if word.startswith("--"):
            found.append((name, value if equals else "".join(words[index + 1 : index + 2])))
        elif word.startswith("-") and len(word) > 2:
            found.append((word[:2], word[2:].removeprefix("=")))
        elif word.startswith("-"):
            found.append((word, "".join(words[index + 1 : index + 2])))
    return found
