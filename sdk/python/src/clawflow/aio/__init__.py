"""The same API for asyncio: `async with clawflow.aio.connect() as api`, and `await` each call."""

from .api import Api, TaskFlow, connect
from .stream import EventStream

__all__ = ["Api", "EventStream", "TaskFlow", "connect"]
