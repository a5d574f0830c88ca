"""Why a container ended: what its command is, how it ended, and the last it said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kindlings import objects
from kindlings.explain import stateful

if TYPE_CHECKING:
    from kindlings.explain.sources import Sources
    from kindlings.manifests import Document
    from kindlings.symptoms import Symptom

READ: Final = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/"
_SIGNALS: Final = {137: "SIGKILL", 143: "SIGTERM", 139: "SIGSEGV", 134: "SIGABRT", 130: "SIGINT"}


def because(symptom: Symptom, document: Document, sources: Sources) -> str:
    """Say which container ended, how, and its last words."""
    if not symptom.container:
        return f"{objects.title(symptom.object)} was ended: {symptom.reason} {symptom.message}".rstrip()
    path = sources.container(document, symptom.container)
    command = "command" if document.get(*path, "command") else "args"
    place = document.at(*path, command)
    who = f"container {symptom.container}"
    if symptom.family == "ended":
        return (
            f"the command of {who} ({place}) ends with exit code 0, and restartPolicy Always starts it "
            "again: it must go on, or the Pod needs another restartPolicy"
        )
    if symptom.family == "start" or symptom.reason in {"StartError", "ContainerCannotRun"}:
        why = _start_error(symptom.message)
        image = document.get(*path, "image")
        if image and ("not found" in why or "no such file" in why):
            why += f"; its image is {image} ({document.at(*path, 'image')})"
        return f"{who} could not be started ({place}): {why}"
    if symptom.reason == "OOMKilled":
        limit = document.at(*path, "resources", "limits", "memory")
        return f"{who} used more memory than its limit allows ({limit}) and was killed: OOMKilled"
    script = stateful.script(document, symptom.container, sources)
    script = f"; {script}" if script else ""
    return f"{who} ends with {_exit(symptom.exit_code)} ({place}){script}{_last_words(symptom, sources)}"


def _exit(code: int | None) -> str:
    signal = _SIGNALS.get(code or 0)
    meaning = {126: " (not executable)", 127: " (command not found)"}.get(code or 0, "")
    return f"exit code {code} ({signal})" if signal else f"exit code {code}{meaning}"


def _start_error(message: str) -> str:
    """Return the end of the runtime's message: what it wanted to run, and why it could not."""
    return message.rsplit("exec: ", 1)[-1].replace(": unknown", "").strip() or "its command cannot be run"


def _last_words(symptom: Symptom, sources: Sources) -> str:
    pod = objects.name(symptom.object)
    lines = [line for line in sources.logs(pod, symptom.container).splitlines() if line.strip()]
    return f"; the last line of its log: {lines[-1].strip()[:120]}" if lines else "; its log is empty"
