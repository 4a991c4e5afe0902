"""What goes wrong, as one exception with a stable code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .records import Flow


class ClawflowError(Exception):
    """A call that failed, or a command that was refused.

    `code` is stable: `not_found`, `revision_conflict`, `terminal`, …, `unavailable` where no answer
    came, `bad_answer` where it was not understood. `status` is the HTTP status, 0 without an
    answer.
    """

    def __init__(
        self,
        code: str,
        status: int,
        message: str,
        hint: str | None = None,
        current: Flow | None = None,
        candidates: Sequence[str] = (),
        raw: Mapping[str, Any] | None = None,
    ) -> None:
        """Keeps each part; the text is the message, with the hint on a line of its own."""
        super().__init__(message if hint is None else f"{message}\nhint: {hint}")
        self.code = code
        self.status = status
        self.message = message
        self.hint = hint
        self.current = current
        self.candidates = tuple(candidates)
        self.raw: Mapping[str, Any] = raw or {}

    def __reduce__(self) -> tuple[Any, ...]:
        """Survives `pickle`, so that a worker process can hand it back."""
        parts = (self.code, self.status, self.message, self.hint, self.current, self.candidates)
        return (type(self), (*parts, dict(self.raw)))


class TransportError(Exception):
    """No answer came. For transports; callers get a :class:`ClawflowError`."""

    def __init__(self, message: str, *, sent: bool) -> None:
        """`sent` is whether the request may have been carried out all the same."""
        super().__init__(message)
        self.sent = sent
