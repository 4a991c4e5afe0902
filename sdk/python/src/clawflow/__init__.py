"""Durable flows for AI agents: the client of a clawflow gateway.

::

    import clawflow

    api = clawflow.connect()
    flows = api.bind_session("agent:main:main")
    flow = flows.create_managed(controller_id="my-plugin/inbox-triage", goal="triage inbox")

:mod:`clawflow.aio` has the same for asyncio.
"""

from .answers import (
    Answered,
    DeliveryList,
    Emitted,
    EventList,
    FlowNews,
    Logs,
    Queue,
    QueueList,
    QueueTask,
    Signalled,
    Source,
    Status,
    TokenMade,
    Why,
    WhyReason,
)
from .api import Api, TaskFlow, connect
from .errors import ClawflowError
from .exchange import UNSET
from .outcome import (
    Applied,
    CancelOutcome,
    Outcome,
    Refused,
    TaskCreated,
    TaskOutcome,
    TaskRefused,
    TaskUpdate,
    TaskUpdated,
)
from .records import (
    Delivery,
    Event,
    Executor,
    Exit,
    Flow,
    FlowLine,
    FlowView,
    Origin,
    PartOf,
    Step,
    StepError,
    StepResult,
    Task,
    TaskCommand,
    TaskSummary,
    Token,
    Usage,
    Wait,
)
from .stream import EventStream
from .waits import Person, Signal, TaskEnd, Timer, WaitFor

__all__ = [
    "UNSET",
    "Answered",
    "Api",
    "Applied",
    "CancelOutcome",
    "ClawflowError",
    "Delivery",
    "DeliveryList",
    "Emitted",
    "Event",
    "EventList",
    "EventStream",
    "Executor",
    "Exit",
    "Flow",
    "FlowLine",
    "FlowNews",
    "FlowView",
    "Logs",
    "Origin",
    "Outcome",
    "PartOf",
    "Person",
    "Queue",
    "QueueList",
    "QueueTask",
    "Refused",
    "Signal",
    "Signalled",
    "Source",
    "Status",
    "Step",
    "StepError",
    "StepResult",
    "Task",
    "TaskCommand",
    "TaskCreated",
    "TaskEnd",
    "TaskFlow",
    "TaskOutcome",
    "TaskRefused",
    "TaskSummary",
    "TaskUpdate",
    "TaskUpdated",
    "Timer",
    "Token",
    "TokenMade",
    "Usage",
    "Wait",
    "WaitFor",
    "Why",
    "WhyReason",
    "connect",
]
