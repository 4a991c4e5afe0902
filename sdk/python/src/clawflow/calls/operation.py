"""Which function makes which call, so that a test can compare both with the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Operation:
    """A function and the call that it makes."""

    call: str
    function: Callable[..., Any]
    renamed: dict[str, str] = field(default_factory=dict)
    """Parameters that are called something else in the request."""
    without: frozenset[str] = frozenset()
    """Fields of the request that it has no parameter for."""


OPERATIONS: Final[list[Operation]] = []
"""Every function of this package that makes a call."""


def operation(call: str, *, without: tuple[str, ...] = (), **renamed: str) -> Callable[[F], F]:
    """Notes what the function does; leaves it as it is."""

    def note(function: F) -> F:
        OPERATIONS.append(Operation(call, function, renamed, frozenset(without)))
        return function

    return note
