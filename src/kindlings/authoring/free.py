"""Which mutants an author has declared free: what they change is no concern of the lab's."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import yaml

from kindlings import course
from kindlings.authoring.mutants import FREE
from kindlings.errors import UsageError

if TYPE_CHECKING:
    from kindlings.authoring.mutants import Mutant


@dataclass(frozen=True)
class Entry:
    """Mutants of a module that need not be found: a pattern of their ids without the module, and why."""

    module: str
    pattern: str
    reason: str

    def covers(self, mutant: Mutant) -> bool:
        """Tell whether the mutant is among them."""
        return mutant.module == self.module and fnmatchcase(
            mutant.id.removeprefix(f"{self.module}/"), self.pattern
        )


def read(module: str) -> list[Entry]:
    """Return the module's entries; none where it has no such file. Raises UsageError."""
    path = course.solutions() / module / FREE
    if not path.exists():
        return []
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        return [Entry(module, str(one), str(why).strip()) for one, why in (found or {}).items()]
    except (yaml.YAMLError, AttributeError) as error:
        raise UsageError(
            f"{path} cannot be read: {error}",
            "It has a reason for each pattern of mutants: the key is the pattern.",
        ) from None
