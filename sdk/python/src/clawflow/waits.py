"""What a flow can wait for, so that the engine acts when it is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Timer:
    """A point in time: `due_at` in milliseconds since 1970, or in `after_ms` milliseconds."""

    due_at: int | None = None
    after_ms: int | None = None

    def json(self) -> dict[str, Any]:
        """As it is sent."""
        return _given(kind="timer", dueAt=self.due_at, afterMs=self.after_ms)


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal of the owner by name; with a key only one for this key or for any."""

    name: str
    key: str | None = None

    def json(self) -> dict[str, Any]:
        """As it is sent."""
        return _given(kind="event", name=self.name, key=self.key)


@dataclass(frozen=True, slots=True)
class Person:
    """A person's yes or no, or with `input` any JSON. No approvers: anybody who may operate."""

    prompt: str
    preview: str | None = None
    input: bool = False
    approvers: Sequence[str] = ()

    def json(self) -> dict[str, Any]:
        """As it is sent."""
        return _given(
            kind="person",
            prompt=self.prompt,
            preview=self.preview,
            input=self.input or None,
            approvers=list(self.approvers) or None,
        )


@dataclass(frozen=True, slots=True)
class TaskEnd:
    """The end of one of the flow's tasks."""

    task_id: str

    def json(self) -> dict[str, Any]:
        """As it is sent."""
        return _given(kind="task", taskId=self.task_id)


WaitFor: TypeAlias = Timer | Signal | Person | TaskEnd
"""What a `set_waiting` may name."""


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
