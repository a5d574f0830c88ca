"""Refusals of the API server, and what a learner reads of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kindlings.cluster.api import Refusal
from kindlings.explain import refusals
from tests.unit.apistore import status
from tests.unit.fakes import POD, document

if TYPE_CHECKING:
    from pathlib import Path

    from kindlings.errors import Findings

END = len(POD.splitlines())
STRICT = 'Pod in version "v1" cannot be handled as a Pod: strict decoding error: '


def told(
    folder: Path, text: str, message: str, *, code: int = 400, reason: str = "", **details: Any
) -> Findings:
    """Return what is told about a refusal of the first document of `text`."""
    refusal = Refusal(code, status(code, reason or "BadRequest", message, **details))
    return refusals.refused(document(folder, text), refusal, "kindlings kubectl explain pod").findings


def invalid(folder: Path, text: str, field: str, reason: str, message: str) -> Findings:
    """Return what is told about a 422 with one cause."""
    whole = f'Pod "counter" is invalid: {field}: {message}'
    causes = [{"reason": reason, "message": message, "field": field}]
    return told(folder, text, whole, code=422, reason="Invalid", causes=causes)
