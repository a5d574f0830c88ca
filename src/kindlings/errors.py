"""What can go wrong, and whose it is: the learner's (LabFailure), ours, or the prompt's."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

MEND_CLUSTER: Final = "Run `kindlings up`: it looks at the cluster and mends or replaces it."
"""The advice where the course's cluster, or its API server, does not answer as it should."""


class ExitCode(IntEnum):
    """What the `kindlings` command and our pytest runs end with."""

    OK = 0
    FAILED = 1
    INTERRUPTED = 130
    USAGE = 2
    INFRASTRUCTURE = 7


class KindlingsError(Exception):
    """Base of our errors: `message` says what is the matter, `advice` what to do next."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, advice: str = "") -> None:
        """Keep `message` and `advice`, each one or more plain sentences without a traceback."""
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message}\n{self.advice}" if self.advice else self.message


class UsageError(KindlingsError):
    """Said something at the prompt, or in a lesson, that cannot be meant."""

    exit_code = ExitCode.USAGE


class InfrastructureError(KindlingsError):
    """The engine, the cluster or the machine failed: an ERROR, never the learner's failure."""

    exit_code = ExitCode.INFRASTRUCTURE


@dataclass(frozen=True)
class Place:
    """A place in a learner's file: its name, and line and column counted from 1 (0: the file as a whole)."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass
class Findings:
    """The learner-facing parts of a failed lab; an empty string leaves its line out of the message."""

    expected: str
    saw: str
    because: str = ""
    look: str = ""
    read: str = ""
    hint: str = ""
    place: Place | None = field(default=None)


class LabFailure(KindlingsError):  # noqa: N818 - a lab that failed is an outcome, not an error of ours
    """The learner's manifest does not do what the lab asks."""

    def __init__(self, findings: Findings) -> None:
        """Carry `findings`, from which every report writes its message."""
        super().__init__(f"expected {findings.expected}; saw {findings.saw}")
        self.findings = findings
