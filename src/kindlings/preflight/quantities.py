"""Amounts of memory, cpu and storage, as Kubernetes writes them.

Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import re
from typing import Final

_QUANTITY: Final = re.compile(
    r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?", re.ASCII
)
_NUMBER: Final = re.compile(r"\s*([0-9]+(?:[.,][0-9]+)?)\s*([A-Za-z]*)\s*", re.ASCII)
_MEANT: Final = {
    **{unit: f"{letter}i" for letter in "KMGT" for unit in (f"{letter}B", f"{letter}iB", f"{letter}i")},
    "G": "G",
    "T": "T",
    "M": "M",
    "m": "m",
    "k": "k",
    **dict.fromkeys(("B", "core", "cores", "cpu", "cpus"), ""),
}
"""From what people write behind a number to what Kubernetes reads, in any case where no other has it."""
_FOLDED: Final = {unit.lower(): meant for unit, meant in reversed(_MEANT.items()) if len(unit) > 1} | {
    "b": "",
    "g": "Gi",
    "t": "Ti",
}


def is_one(value: object) -> bool:
    """Tell whether the API server can read `value` (text or number) as a quantity."""
    return _QUANTITY.fullmatch(str(value)) is not None


def mend(value: object) -> str:
    """Say how the amount is written that is likely meant."""
    rule = "memory is written as 512Mi or 1Gi, cpu as 500m or 1."
    match = _NUMBER.fullmatch(str(value))
    unit = match[2] if match else ""
    meant = _MEANT.get(unit, _FOLDED.get(unit.lower()))
    if match is None or meant is None:
        return rule.capitalize()
    return f"Write {match[1].replace(',', '.')}{meant}: {rule}"
