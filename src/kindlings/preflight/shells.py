"""Commands and shell scripts: typos in what everybody writes, and loops that never end. All of it warnings.

An image may hold any program, so nothing is said of words that are like no common one. A common word with two
neighbouring letters changed about is a typo: no program is called whlie.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any, Final

from kindlings.preflight import templates
from kindlings.preflight.findings import HERE, Finding, about, mapping, shown
from kindlings.preflight.templates import doubtful

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kindlings.manifests import Document, FieldPath

_SHELLS: Final = frozenset({"sh", "bash", "ash", "dash"})
_COMMON: Final = frozenset(
    [
        *("awk", "bash", "basename", "break", "case", "cat", "chmod", "chown", "continue", "curl", "date"),
        *("declare", "dirname", "done", "echo", "elif", "else", "esac", "eval", "exec", "exit", "export"),
        *("false", "find", "grep", "gunzip", "gzip", "head", "hostname", "httpd", "kill", "local", "mkdir"),
        *("mktemp", "mount", "mysql", "nginx", "node", "nslookup", "ping", "postgres", "printf", "python"),
        *("python3", "read", "redis-cli", "redis-server", "return", "rm", "sed", "seq", "set", "shift"),
        *("sleep", "sort", "source", "tail", "tar", "test", "then", "touch", "trap", "true", "uname"),
        *("until", "wait", "wget", "which", "while", "whoami", "xargs"),
    ]
)
_PATHS: Final = frozenset(f"/{folder}/{shell}" for folder in ("bin", "usr/bin") for shell in _SHELLS)
_BLOCKS: Final = (("do", "done"), ("if", "fi"), ("case", "esac"))
_LOOPS: Final = frozenset({"while", "until", "for"})
_LEADS: Final = frozenset({"do", "then", "else", "elif", "if", "while", "until", "!", "{", "("})
"""Words behind which a command begins."""
_QUOTED: Final = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_COMMENT: Final = re.compile(r"(?m)(?:^|(?<=\s))#.*$")
_HERE_DOCUMENT: Final = re.compile(r"<<-?\s*\\?['\"]?\w")
_SEPARATOR: Final = re.compile(r"\n|;|&&|\|\||\||\$\(|`|&")
_SCRIPT: Final = re.compile(r"[\s;|&]")
_LINES: Final = re.compile(r"\n|;|&&|\|")
"""What no name of a program has."""
_ENDS: Final = "The container ends with an error, and is started again and again."


def check(document: Document) -> Iterator[Finding]:
    """Yield the typos in containers' commands, and in the scripts of a ConfigMap."""
    for template in templates.of([document]):
        for path, container in template.containers():
            yield from _command(document, container, path)
    if document.kind == "ConfigMap":
        for key, text in mapping(document.get("data")).items():
            if isinstance(text, str) and (
                key.endswith(".sh") or re.match(r"#!\s*\S*/(env )?(ba|da|a)?sh\b", text)
            ):
                yield from _script(document, text, ("data", key))


def _command(document: Document, container: Mapping[str, Any], path: FieldPath) -> Iterator[Finding]:
    yield from incomplete(document, container, path)
    words = [*_words(container, path, "command"), *_words(container, path, "args")]
    if not words or not (container.get("command") or _is_shell(words[0][0]) or _typo(words[0][0])):
        return
    (program, place), rest = words[0], words[1:]
    if meant := _typo(program):
        what = f"the container starts {shown(program)}{HERE}; did you mean {meant}?"
        yield doubtful(document, place, what, f"Write {meant}.", rule="command", why=_ENDS)
        program = meant
    if not _is_shell(program):
        return
    options = list(itertools.takewhile(lambda one: one[0].startswith(("-", "+")), rest))
    script = next(iter(rest[len(options) :]), None)
    if script is None or not _SCRIPT.search(script[0].strip()):
        return
    if not any("c" in word.lstrip("-+") for word, _ in options):
        at = options[0][1] if options else script[1]
        what = f"the shell is not told by -c{HERE} that a script follows ({document.at(*script[1])})"
        why = "Without -c the shell takes the script's text for the name of a file."
        yield doubtful(document, at, what, "Write -c before the script.", rule="command", why=why)
    yield from _script(document, *script)


def incomplete(document: Document, container: Mapping[str, Any], path: FieldPath) -> Iterator[Finding]:
    """Yield what a container lacks of the three that belong together: a shell, its -c, and a script."""
    words = [*_words(container, path, "command"), *_words(container, path, "args")]
    for word, where in words:
        if where in document.swallowed:
            yield _swallowed(document, word, where)
            return
    if not words:
        return
    first, last = words[0], words[-1]
    if not container.get("command") and _LINES.search(first[0].strip()):
        what = f"the container{HERE} has no command, and args begins with a script ({document.at(*first[1])})"
        why = (
            "Without a command the image's own program gets the args; where it has none, args is the command."
        )
        mend = "Write command: [/bin/sh, -c] above args."
        yield doubtful(document, path, what, mend, rule="command-incomplete", why=why)
    elif _is_shell(first[0]) and re.fullmatch("-[a-z]*c", last[0]):
        lacks = "" if container.get("args") else f", and the container ({document.at(*path)}) has no args"
        what = f"no script follows the shell's {last[0]}{HERE}{lacks}"
        mend = "Write the script as the only one of args."
        yield doubtful(document, last[1], what, mend, rule="command-incomplete", why=_ENDS)


def _swallowed(document: Document, word: str, where: FieldPath) -> Finding:
    what = f"this line{HERE} goes on with the item above ({document.at(*where)}), which reads {shown(word)}"
    why = "A dash that stands further to the right than its neighbours begins no item."
    place = document.swallowed[where]
    mend = "Let each dash of the list begin in the same column."
    return Finding("warning", what, place, why, mend, "command-indented", about(document))


def _words(container: Mapping[str, Any], path: FieldPath, group: str) -> Iterator[tuple[str, FieldPath]]:
    found = container.get(group)
    for index, word in enumerate(found if isinstance(found, list) else []):
        if isinstance(word, str):
            yield word, (*path, group, index)


def _is_shell(program: str) -> bool:
    return program.rpartition("/")[2] in _SHELLS and (program in _PATHS or "/" not in program)


def _typo(word: str) -> str:
    """Return the common word of which `word` is a typo, or an empty string."""
    if word in _COMMON or word in _PATHS or len(word) < 4:
        return ""
    swaps = (f"{word[:at]}{word[at + 1]}{word[at]}{word[at + 2 :]}" for at in range(len(word) - 1))
    return next((one for one in swaps if one in _COMMON or one in _PATHS), "")


def _script(document: Document, text: str, path: FieldPath) -> Iterator[Finding]:
    """Yield the typos in a script's commands, and the blocks that begin and never end, or end only."""
    if _HERE_DOCUMENT.search(text):
        return  # what stands in it is no command
    bare = _QUOTED.sub(lambda found: "\n".join("'" for _ in range(found[0].count("\n") + 1)), text)
    commands = list(_commands(_COMMENT.sub("", bare.replace("\\\n", " "))))
    for word in dict.fromkeys(commands):
        if meant := _typo(word):
            what = f"the script has a command {shown(word)}{HERE}; did you mean {meant}?"
            yield doubtful(document, path, what, f"Write {meant}.", rule="script", why=_ENDS)
            commands = [meant if one == word else one for one in commands]
    loops = sum(commands.count(word) for word in _LOOPS)
    counts = [("while", loops, "do"), *((first, commands.count(first), last) for first, last in _BLOCKS)]
    for first, count, last in counts:
        if count != commands.count(last) and (count or commands.count(last)):
            few, many = (last, first) if count > commands.count(last) else (first, last)
            what = f"the script{HERE} has {many} without its {few}"
            mend = f"Write {first}, and {last} behind what belongs to it."
            yield doubtful(document, path, what, mend, rule="script", why=_ENDS)
            return


def _commands(text: str) -> Iterator[str]:
    """Yield the words at which a command may begin, among them the shell's own (while, do, done)."""
    for part in _SEPARATOR.split(text):
        words = part.split()
        while words:
            yield words[0].strip("()") or words[0]
            if words[0] not in _LEADS and not words[0].endswith(")"):  # a pattern of case
                break
            del words[0]
