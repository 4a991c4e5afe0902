"""JSON objects into typed records, by the records' own annotations.

Names are snake_case here and camelCase there. What a newer gateway adds is ignored, and found in
:attr:`Record.raw`; a word that is not known yet is passed on as it is.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

from .errors import ClawflowError


def camel(name: str) -> str:
    """`flow_id` as `flowId`; one underscore at the end only avoids a keyword."""
    head, *rest = name.removesuffix("_").split("_")
    return head + "".join(word.capitalize() for word in rest)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """An answer, or a part of one."""

    raw: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)
    """The JSON object that it was made from, in the gateway's own names."""

    @classmethod
    def of(cls, value: object) -> Self:
        """The record that a JSON object stands for; `bad_answer` if it does not fit."""
        if not isinstance(value, dict):
            raise _unfit(cls.__name__, "an object", value)
        given: dict[str, Any] = {"raw": value}
        for field in _fields(cls):
            if field.wire in value:
                given[field.name] = field.read(value[field.wire])
            elif field.required:
                raise ClawflowError("bad_answer", 0, f"{cls.__name__} has no {field.wire}")
        return cls(**given)


def given(value: Record | Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A flat record in the gateway's names, without what it does not say; a mapping as it is."""
    if not isinstance(value, Record):
        return None if value is None else dict(value)
    said = ((field.wire, getattr(value, field.name)) for field in _fields(type(value)))
    return {name: one for name, one in said if one is not None}


@dataclasses.dataclass(frozen=True)
class _Field:
    name: str
    wire: str
    required: bool
    read: Callable[[Any], Any]


_KNOWN: dict[type[Record], tuple[_Field, ...]] = {}
"""What was found out about each kind of record."""


def _fields(cls: type[Record]) -> tuple[_Field, ...]:
    if cls not in _KNOWN:
        _KNOWN[cls] = tuple(_inspect(cls))
    return _KNOWN[cls]


def _inspect(cls: type[Record]) -> Iterator[_Field]:
    hints = typing.get_type_hints(cls)
    return (
        _Field(
            field.name,
            camel(field.name),
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
            _reader(f"{cls.__name__}.{field.name}", hints[field.name]),
        )
        for field in dataclasses.fields(cls)
        if field.name != "raw"
    )


def wire_names(cls: type[Record]) -> dict[str, bool]:
    """The JSON names of a record's fields, and whether each must be there."""
    return {field.wire: field.required for field in _fields(cls)}


def _reader(what: str, hint: Any) -> Callable[[Any], Any]:
    """What turns a JSON value into one of the annotated type."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return lambda value: value
    if origin in (typing.Union, types.UnionType):
        (inner,) = (arg for arg in args if arg is not type(None))
        read = _reader(what, inner)
        return lambda value: None if value is None else read(value)
    if origin is list:
        read = _reader(what, args[0])
        return lambda value: [read(item) for item in _check(what, list, value)]
    if origin is dict:
        read = _reader(what, args[1])
        return lambda value: {k: read(item) for k, item in _check(what, dict, value).items()}
    if origin is typing.Literal:
        return lambda value: _check(what, str, value)
    if issubclass(hint, Record):
        of: Callable[[Any], Any] = hint.of
        return of
    if hint is float:
        return lambda value: float(_check(what, int, value, float))
    return lambda value: _check(what, hint, value)


def _check(what: str, kind: type, value: Any, other: type | None = None) -> Any:
    fits = isinstance(value, (kind, other) if other else kind)
    if not fits or (kind is int and isinstance(value, bool)):
        raise _unfit(what, f"of type {kind.__name__}", value)
    return value


def _unfit(what: str, wanted: str, value: object) -> ClawflowError:
    return ClawflowError("bad_answer", 0, f"{what} is not {wanted}: {str(value)[:80]!r}")
