"""Why a container ended: what its command is, how it ended, and the last it said."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final

from kindlings import objects, runtimes
from kindlings.explain import foreseen, mounts, pending, stateful, variables
from kindlings.symptoms import is_starved

if TYPE_CHECKING:
    from kindlings.errors import Place
    from kindlings.explain.sources import Sources
    from kindlings.manifests import Document, FieldPath
    from kindlings.symptoms import Symptom

READ: Final = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/"
_NO_PROGRAM: Final = {126: " (not executable)", 127: " (command not found)"}
"""What a shell says of a command by its exit code; the image is then where it was sought."""
_SIGNALS: Final = {137: "SIGKILL", 143: "SIGTERM", 139: "SIGSEGV", 134: "SIGABRT", 130: "SIGINT"}


def because(symptom: Symptom, document: Document, sources: Sources) -> str:
    """Say which container ended, how, and its last words."""
    if not symptom.container:
        return f"{objects.title(symptom.object)} was ended: {symptom.reason} {symptom.message}".rstrip()
    path = sources.container(document, symptom.container)
    place = program(document, path)
    who = f"container {symptom.container}"
    if symptom.family == "ended":
        return (
            f"the command of {who} ({place}) ends with exit code 0, and restartPolicy Always starts it "
            "again: it must go on, or the Pod needs another restartPolicy"
        )
    if symptom.family == "start" or symptom.reason in {"StartError", "ContainerCannotRun"}:
        if lacks := foreseen.incomplete(document, path):
            return f"{who} could not be started: {lacks}"
        if is_starved(symptom.object):
            return f"{who} could not be started: {pending.too_little(document, sources)}"
        said = symptom.message
        if unfit := mounts.unfit(said, document, path) or _no_folder(said, document, path):
            return f"{who} could not be started: {unfit}"
        error, image = runtimes.said(said, _first(document, path)), document.get(*path, "image")
        place = program(document, path, quoted=error)
        why = _not_executable(error, document, symptom, sources) or _hidden(error, document, path)
        if not why and image and ("not found" in error or "no such file" in error):
            why = f"; its image is {image} ({document.at(*path, 'image')})"
        return f"{who} could not be started ({place}): {error}{why}"
    if symptom.reason == "OOMKilled":
        limit = document.at(*path, "resources", "limits", "memory")
        return f"{who} used more memory than its limit allows ({limit}) and was killed: OOMKilled"
    script = stateful.script(document, symptom.container, sources)
    script = f"; {script}" if script else ""
    if symptom.exit_code in _NO_PROGRAM and (image := document.get(*path, "image")):
        script += f"; its image is {image} ({document.at(*path, 'image')})"
    last = _last_words(symptom, sources)
    place = program(document, path, last)
    shared = _shared_port(last, symptom)
    file = mounts.not_there(last, document, path, sources)
    lacks = foreseen.incomplete(document, path) or variables.missed(last, document, path)
    lacks = f"; {lacks}" if lacks else ""
    return f"{who} ends with {_exit(symptom.exit_code)} ({place}){script}{last}{shared}{file}{lacks}"


def program(document: Document, path: FieldPath, said: str = "", quoted: str = "") -> Place:
    """Return the line of what the container at `path` runs.

    It is that of the word that could not be run, as the runtime has `quoted` it, or of the option of which
    the program has `said` something; else that of the script behind -c, or of the whole list.
    """
    words = [
        (str(word), (*path, group, index))
        for group in ("command", "args")
        for index, word in enumerate(_list(document.get(*path, group)))
    ]
    for word, where in words:
        option = word.startswith("-") and re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", said)
        if option or f'"{word}"' in quoted:
            return document.at(*where)
    for (option_word, _), (_, where) in itertools.pairwise(words):
        if option_word == "-c":
            return document.at(*where)
    return document.at(*path, "command" if document.get(*path, "command") else "args")


def written(
    document: Document | None, container: str, said: str, sources: Sources
) -> tuple[str, Place | None]:
    """Say what makes a container write what it writes, and where that stands; nothing without a document."""
    if document is None:
        return "", None
    if because := found(document, container, said, sources):
        return because, None
    place = program(document, sources.container(document, container), said)
    return f"what container {container} writes comes from its command ({place})", place


def found(document: Document | None, container: str, said: str, sources: Sources) -> str:
    """Say which script a container runs, or why it does not find a file that another one has; or nothing."""
    if document is None:
        return ""
    path = sources.container(document, container)
    return stateful.script(document, container, sources) or mounts.not_shared(said, document, path)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _exit(code: int | None) -> str:
    signal = _SIGNALS.get(code or 0)
    meaning = _NO_PROGRAM.get(code or 0, "")
    return f"exit code {code} ({signal})" if signal else f"exit code {code}{meaning}"


def _first(document: Document, path: FieldPath) -> object:
    """Return the program of the container at `path`, or an empty string where the image's own is run."""
    command = _list(document.get(*path, "command"))
    return command[0] if command else ""


def _not_executable(error: str, document: Document, symptom: Symptom, sources: Sources) -> str:
    """Say why a script out of a ConfigMap cannot be run as a program, where it is one; else nothing."""
    script = stateful.script(document, symptom.container, sources)
    if "permission denied" not in error or not script:
        return ""
    return f"; {script}, whose files nobody may execute: let a shell run it, as /bin/sh FILE does"


def _hidden(error: str, document: Document, path: FieldPath) -> str:
    """Say which volume hides the folder that should hold the program, where one does; else nothing."""
    program = error.removeprefix('"').partition('"')[0]
    hiding = mounts.hiding(program, document, path) if "no such file" in error else ""
    return f"; {hiding}" if hiding else ""


def _no_folder(message: str, document: Document, path: FieldPath) -> str:
    """Say that the container at `path` cannot be in its workingDir, where that is so; else nothing."""
    folder, entered = document.get(*path, "workingDir"), runtimes.entered(message)
    if not entered or str(folder).rstrip("/") != entered:
        return ""
    return f"its workingDir {folder} ({document.at(*path, 'workingDir')}) is no folder, and cannot be made"


def _shared_port(last_words: str, symptom: Symptom) -> str:
    """Say who may have the port already that a container of several could not get; else nothing."""
    if "address already in use" not in last_words.lower() or len(objects.containers(symptom.object)) < 2:
        return ""
    return "; the containers of a Pod share one network, where one of them only can have a port"


def _last_words(symptom: Symptom, sources: Sources) -> str:
    pod = objects.name(symptom.object)
    lines = [line for line in sources.logs(pod, symptom.container).splitlines() if line.strip()]
    return f"; the last line of its log: {lines[-1].strip()[:120]}" if lines else "; its log is empty"
