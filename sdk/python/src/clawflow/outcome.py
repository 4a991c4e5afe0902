"""What became of a command: applied, or refused by type. A refusal is an ordinary outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NoReturn, TypeAlias

from .errors import ClawflowError
from .records import Flow, Task
from .words import FlowStatus

REFUSALS = frozenset(
    (
        "not_found",
        "not_managed",
        "revision_conflict",
        "terminal",
        "cancel_requested",
        "paused",
        "engine_owned",
        "invalid_state",
        "invalid",
        "key_conflict",
        "persist_failed",
    )
)
"""The codes of a refusal; every other failure is raised."""


@dataclass(frozen=True, slots=True)
class Applied:
    """The command was carried out."""

    flow: Flow
    """The flow as it is now; its `revision` is the one to name next."""
    wait_id: str | None = None
    """The wait that was made, where the engine waits for something."""
    applied: Literal[True] = True

    def require(self) -> Flow:
        """The flow."""
        return self.flow


@dataclass(frozen=True, slots=True)
class Refused:
    """The command changed nothing."""

    code: str
    """Why, for programs: `revision_conflict`, `terminal`, …"""
    current: Flow | None = None
    """The flow as it is; not for `not_found`."""
    message: str = ""
    """Why, for people."""
    applied: Literal[False] = False
    error: ClawflowError | None = field(default=None, repr=False, compare=False)

    def require(self) -> NoReturn:
        """Raises the refusal as a :class:`ClawflowError`."""
        raise self.error or ClawflowError(self.code, 0, self.message, current=self.current)


Outcome: TypeAlias = Applied | Refused


@dataclass(frozen=True, slots=True)
class TaskUpdated:
    """The report was taken."""

    task: Task
    """The task as it is now."""
    applied: Literal[True] = True

    def require(self) -> Task:
        """The task."""
        return self.task


TaskUpdate: TypeAlias = TaskUpdated | Refused


@dataclass(frozen=True, slots=True)
class TaskCreated:
    """There is such a child now; it may have been there before, by its `run_id`."""

    flow: Flow
    task: Task
    created: Literal[True] = True
    found: Literal[True] = True

    def require(self) -> Task:
        """The child."""
        return self.task


@dataclass(frozen=True, slots=True)
class TaskRefused:
    """There is no such child."""

    found: bool
    """Whether the flow was found."""
    code: str
    """Why, for programs."""
    reason: str
    """Why, for people."""
    flow: Flow | None = None
    created: Literal[False] = False

    def require(self) -> NoReturn:
        """Raises the refusal as a :class:`ClawflowError`."""
        raise ClawflowError(self.code, 0, self.reason, current=self.flow)


TaskOutcome: TypeAlias = TaskCreated | TaskRefused


@dataclass(frozen=True, slots=True)
class CancelOutcome:
    """How far a cancel came. The intent is recorded even where the end is still to come."""

    found: bool
    """Whether there is such a flow."""
    cancelled: bool
    """Whether it is cancelled now."""
    reason: str | None = None
    """Why it is not."""
    flow: Flow | None = None

    @property
    def status(self) -> FlowStatus | None:
        """Where the flow stands, if there is one."""
        return self.flow.status if self.flow else None
