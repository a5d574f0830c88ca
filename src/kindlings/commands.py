"""Reads a learner's file of kubectl lines: a command a line, and nothing of a shell.

Each line is blank, a comment (#), or begins with the word kubectl. Words are split at spaces, and quotes keep
them together. What a shell would make something of (a semicolon, a pipe, a dollar sign, a backslash, a star)
is refused outside single quotes: a line means the same here and when it is typed into any shell.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kindlings import files
from kindlings.errors import Findings, LabFailure, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MAX_COMMANDS: Final = 20
MAX_LINE: Final = 1000
READ: Final = "https://kubernetes.io/docs/reference/kubectl/"
PROGRAM: Final = "kubectl"

_WHAT: Final = {
    ";": "a semicolon: one command a line",
    "|": "a pipe: a lab has no shell to send output through",
    "&": "an ampersand: commands run one after the other",
    ">": "a redirection: what a command prints is kept by the lab",
    "<": "a redirection: a lab's commands are given no input",
    "`": "a backquote: a lab has no shell to run a command inside another",
    "$": "a dollar sign: a lab has no shell with variables",
    "\\": "a backslash: each command stands on one line, and quotes keep words together",
    "(": "a parenthesis: a shell needs quotes around it, as in -l 'tier in (cache, web)'",
    ")": "a parenthesis: a shell needs quotes around it, as in -l 'tier in (cache, web)'",
    "*": "a star: a shell would look for files; put it into quotes",
    "?": "a question mark: a shell would look for files; put it into quotes",
    "[": "a bracket: a shell would look for files; put it into quotes",
    "]": "a bracket: a shell would look for files; put it into quotes",
    "{": "a brace: put it into quotes",
    "}": "a brace: put it into quotes",
    "~": "a tilde: a shell would put your home folder there",
    "!": "an exclamation mark: a shell may repeat an old command there; put it into single quotes",
}
"""What a shell would act on outside quotes, each with what to know about it."""
_IN_DOUBLE_QUOTES: Final = frozenset("`$\\")
_TYPOGRAPHIC: Final = {
    **dict.fromkeys(
        "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u00ab\u00bb", "a typographic quote; type ' or \""
    ),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "a dash; options begin with the hyphen -"),
}
"""What word processors and slides make of quotes and hyphens."""


@dataclass(frozen=True)
class Command:
    """One command: where it stands, as it was written, and its words behind `kubectl`."""

    place: Place
    text: str
    words: tuple[str, ...]


def read(path: Path) -> list[Command]:
    """Read the commands of the file at `path`.

    Raises LabFailure where there is no such file, no command in it, or a line that is not one.
    """
    text = files.load(path, "kubectl commands")
    found = list(_commands(path.name, text))
    if not found:
        raise refused(Place(path.name), "a command", "only comments", "no line begins with kubectl")
    if len(found) > MAX_COMMANDS:
        raise refused(found[MAX_COMMANDS].place, f"at most {MAX_COMMANDS} commands", f"{len(found)}")
    return found


def _commands(file: str, text: str) -> Iterator[Command]:
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.removesuffix("\r").strip(" \t")
        if not line or line.startswith("#"):
            continue
        yield command(line, Place(file, number))


def command(line: str, place: Place) -> Command:
    """Return the command that a line is. Raises LabFailure where it is none."""
    if len(line) > MAX_LINE:
        raise refused(place, "a command of the length that a lab needs", f"{len(line)} characters")
    words = _split(line, place)
    if words[0] != PROGRAM:
        raise refused(
            place,
            "lines that begin with kubectl, comments and blank lines",
            f"a line that begins with {words[0]}",
            f"a lab runs kubectl itself and no other program ({place})",
        )
    return Command(place, line, tuple(words[1:]))


def _split(line: str, place: Place) -> list[str]:
    """Return the line's words, unquoted; a # at the beginning of a word begins a comment."""
    words: list[str] = []
    word, quote, begun = "", "", False
    for index, sign in enumerate(line):
        _refuse_invisible(sign, line, place)
        if quote:
            if sign == quote:
                quote = ""
            elif quote == '"' and sign in _IN_DOUBLE_QUOTES:
                raise _refused_sign(sign, line, place)
            else:
                word += sign
        elif sign in " \t":
            words += [word] if begun else []
            word, begun = "", False
        elif sign == "#" and not begun:
            break
        elif sign in "'\"":
            quote, begun = sign, True
        elif _acts(sign, line[index + 1 : index + 2], begun=begun):
            raise _refused_sign(sign, line, place)
        else:
            word, begun = word + sign, True
    if quote:
        why = f"the quote {quote} is opened and never closed ({place})"
        raise refused(place, "a command whose quotes are closed", line[:80], why)
    return words + ([word] if begun else [])


def _acts(sign: str, following: str, *, begun: bool) -> bool:
    """Tell whether a shell would act on the sign outside quotes."""
    if sign == "!":
        return following != "="  # tier!=cache is safe in every shell
    if sign == "~":
        return not begun
    return sign in _WHAT or sign in _TYPOGRAPHIC


def _refuse_invisible(sign: str, line: str, place: Place) -> None:
    if sign != "\t" and unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"} - (
        {"Zs"} if sign == " " else set()
    ):
        name = unicodedata.name(sign, f"U+{ord(sign):04X}").lower()
        shown = "".join(one if one.isprintable() else "·" for one in line)[:80]
        raise refused(place, "plain text", shown, f"the line contains an invisible sign, {name} ({place})")


def _refused_sign(sign: str, line: str, place: Place) -> LabFailure:
    what = _TYPOGRAPHIC.get(sign) or _WHAT[sign]
    return refused(place, "a plain kubectl command", line[:80], f"{sign} is {what} ({place})")


def refused(place: Place, expected: str, saw: str, because: str = "") -> LabFailure:
    """Return the failure for a line that a lab does not take."""
    return LabFailure(Findings(expected, saw, because, read=READ, place=place))


# What a command may be.


@dataclass(frozen=True)
class Verb:
    """What of kubectl a verb may be given: flags with a value, and flags that are on or off."""

    valued: frozenset[str] = frozenset()
    switches: frozenset[str] = frozenset()
    file: bool = False
    """Whether it takes the learner's manifests, with -f."""


def _verb(valued: str = "", switches: str = "", *, file: bool = False) -> Verb:
    return Verb(frozenset(valued.split()), frozenset(switches.split()), file)


_LISTING: Final = "-l --selector -o --output -L --label-columns --field-selector --sort-by"

VERBS: Final = {
    "get": _verb(_LISTING, "--show-labels --no-headers --show-kind"),
    "describe": _verb("-l --selector"),
    "logs": _verb("-c --container -l --selector --tail", "--previous --timestamps --all-containers"),
    "scale": _verb("--replicas --current-replicas"),
    "set image": _verb(),
    "set env": _verb("-c --containers"),
    "set resources": _verb("-c --containers --limits --requests"),
    "rollout history": _verb("--revision"),
    "rollout pause": _verb(),
    "rollout restart": _verb(),
    "rollout resume": _verb(),
    "rollout status": _verb("--timeout --revision"),
    "rollout undo": _verb("--to-revision"),
    "label": _verb("-l --selector", "--overwrite --all"),
    "annotate": _verb("-l --selector", "--overwrite --all"),
    "expose": _verb("--port --target-port --name --type --selector --protocol"),
    "patch": _verb("-p --patch --type"),
    "wait": _verb("--for --timeout -l --selector", "--all"),
    "apply": _verb(file=True),
    "delete": _verb("-l --selector", "--all --ignore-not-found --now", file=True),
}
"""All that any lab can allow. What is not here is taken by none: edit, exec, cp, proxy, debug, attach, ..."""

_PLAIN_OUTPUT: Final = ("name", "wide", "yaml", "json")
_TEMPLATED_OUTPUT: Final = ("jsonpath=", "custom-columns=")
_CONNECTION: Final = (
    *("kubeconfig", "kuberc", "server", "as", "token", "context", "cluster", "user", "username", "password"),
    *("insecure", "certificate", "client", "tls", "cache-dir", "raw", "profile"),
)


@dataclass(frozen=True)
class Parsed:
    """A command that a lab takes: its verb, what it is about, and its flags with their values."""

    command: Command
    verb: str
    about: tuple[str, ...]
    flags: tuple[tuple[str, str], ...]

    @property
    def files(self) -> tuple[str, ...]:
        """Return the learner's files that the command names."""
        return tuple(value for flag, value in self.flags if flag in {"-f", "--filename"})

    @property
    def arguments(self) -> list[str]:
        """Return what kubectl is called with, each flag as one word."""
        flags = [f"{flag}={value}" if value else flag for flag, value in self.flags]
        return [*self.verb.split(), *flags, *self.about]


def parse(command: Command, allowed: Sequence[str], namespace: str) -> Parsed:
    """Return the command taken apart.

    `allowed` are the lab's verbs, each with its flags where it does not take all of VERBS: "scale",
    "rollout undo", "get -l --selector". Raises LabFailure for what is not among them.
    """
    choices = {_name(one): one for one in allowed}
    words = list(command.words)
    verb = next((two for length in (2, 1) if (two := " ".join(words[:length])) in choices), "")
    if not verb:
        raise _wrong_verb(command, list(choices))
    flags = [word for word in choices[verb].split() if word.startswith("-")]
    rest = iter(words[len(verb.split()) :])
    about: list[str] = []
    found: list[tuple[str, str]] = []
    for word in rest:
        if not word.startswith("-"):
            about.append(word)
            continue
        flag, value = _flag(word, rest, command, verb, flags)
        _check_value(flag, value, command, namespace)
        found.append((flag, value))
    if verb == "apply" and about:
        raise _refused(command, "apply is given files by -f alone", f"apply {about[0]}")
    return Parsed(command, verb, tuple(about), tuple(found))


def name(allowed: str) -> str:
    """Return the verb of an entry of a lab's list: "get" for "get -l --selector"."""
    return " ".join(word for word in allowed.split() if not word.startswith("-"))


def _name(allowed: str) -> str:
    """Return the verb of an entry of the lab's list; a wrong entry is the lesson's mistake."""
    verb = name(allowed)
    assert verb in VERBS, f"no lab can allow {verb}"  # noqa: S101 - said to the author of a lesson
    return verb


def _flag(word: str, rest: Iterator[str], command: Command, verb: str, only: list[str]) -> tuple[str, str]:
    """Return a flag and its value, which may be the next word; an empty value for a switch."""
    name, equals, value = word.partition("=")
    if not word.startswith("--") and len(name) > 2:
        name, value, equals = word[:2], word[2:].removeprefix("="), "="
    known = VERBS[verb]
    takes = {*known.valued, *(("-f", "--filename") if known.file else ()), "-n", "--namespace", "-v", "--v"}
    if name in takes and (not only or name in {*only, "-n", "--namespace"}):
        if not equals:
            value = next(rest, "")
        if not value:
            raise _refused(command, f"{name} needs a value", word)
        return name, value
    if name in known.switches and value in {"", "true"} and (not only or name in only):
        return name, ""
    raise _wrong_flag(command, verb, name, only or sorted(known.valued | known.switches))


def _check_value(flag: str, value: str, command: Command, namespace: str) -> None:
    """Refuse a value that leads out of the lab: another namespace, a file elsewhere, a flood of words."""
    if flag in {"-n", "--namespace"} and value != namespace:
        why = "leave it out: each lab has a namespace of its own"
        raise _refused(command, why, f"{flag} {value}")
    if flag in {"-v", "--v"} and not (value.isdigit() and int(value) <= 5):
        raise _refused(command, "a lab's commands say no more than -v=5", f"{flag} {value}")
    if flag in {"-f", "--filename"}:
        _check_file(value, command)
    if flag in {"-o", "--output"} and not (value in _PLAIN_OUTPUT or value.startswith(_TEMPLATED_OUTPUT)):
        raise _refused(command, f"-o is {', '.join(_PLAIN_OUTPUT)}, jsonpath or custom-columns", value)


def _check_file(value: str, command: Command) -> None:
    if "://" in value:
        raise _refused(command, "-f names a file of the lab's folder, not an address", value)
    if value == "-" or "/" in value or "\\" in value or value.startswith("."):
        raise _refused(command, "-f names a file of the lab's own folder, without a path", value)


def _wrong_verb(command: Command, allowed: list[str]) -> LabFailure:
    takes = " or ".join(f"kubectl {one}" for one in allowed)
    given = (
        " ".join(command.words[:2])
        if command.words[:1] in {("set",), ("rollout",)}
        else "".join(command.words[:1])
    )
    if given.startswith("-"):
        return _refused(command, f"the verb comes first: {takes}", f"kubectl {given}")
    return _refused(command, f"this lab takes {takes}", f"kubectl {given}".rstrip())


def _wrong_flag(command: Command, verb: str, name: str, takes: list[str]) -> LabFailure:
    bare = name.lstrip("-").replace("_", "-")
    if name == "-s" or bare.startswith(_CONNECTION):
        return _refused(command, "a lab has its own connection and rights", name)
    if name in {"-k", "--kustomize"}:
        return _refused(command, "a lab's files are given one by one, with -f", name)
    if name in {"-A", "--all-namespaces"}:
        return _refused(command, "a lab sees its own namespace alone", name)
    listed = (
        f"here kubectl {verb} takes {', '.join(takes)}" if takes else f"here kubectl {verb} takes no flag"
    )
    return _refused(command, listed, name)


def _refused(command: Command, why: str, what: str) -> LabFailure:
    saw = f"{command.text[:80]}"
    return refused(command.place, "a command that the lab takes", saw, f"{what} ({command.place}): {why}")
