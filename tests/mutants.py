"""Objects that differ from a good one in one place: a field gone, misspelled, or with another value."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kindlings.manifests import Document, FieldPath

    Change = Callable[[Any, Any], object]
    """Changes a holder (mapping or list) at a key."""

_OTHERS: Final[tuple[Any, ...]] = (
    *("nonsense word", "", -1, 0, 70000, True, 1.5),
    *([], ["x"], {}, {"x": "y"}, None),
)
"""Values that stand in turn where another stood."""


def of(document: Document) -> Iterator[tuple[str, Document]]:
    """Yield the document's mutants, each with what was done."""
    for path in document.places:
        if path and path != ("kind",):
            for what, change in _changes(path, document.get(*path)):
                data = deepcopy(document.data)
                change(_holder(data, path), path[-1])
                yield f"{'.'.join(map(str, path))}: {what}", replace(document, data=data)


def _holder(data: Any, path: FieldPath) -> Any:
    for part in path[:-1]:
        data = data[part]
    return data


def _changes(path: FieldPath, value: Any) -> Iterator[tuple[str, Change]]:
    yield "gone", lambda holder, key: holder.pop(key)
    if isinstance(path[-1], str):
        yield "misspelled", lambda holder, key: holder.update({key[:-1] + "x": holder.pop(key)})
    else:
        yield "twice", lambda holder, key: holder.insert(key, deepcopy(holder[key]))
    for other in (*_OTHERS, *_like(value)):
        if other != value or type(other) is not type(value):
            yield f"is {other!r}", _put(other)


def _put(other: Any) -> Change:
    def change(holder: Any, key: Any) -> None:
        holder[key] = other

    return change


def _like(value: Any) -> tuple[Any, ...]:
    """Return what could stand for `value` by mistake."""
    if isinstance(value, str):
        return (value.lower(), value.upper(), f"{value}x", f"/{value}", value.replace("-", "_"))
    if isinstance(value, int) and not isinstance(value, bool):
        return (str(value), value + 1, 2**40)
    return ()
