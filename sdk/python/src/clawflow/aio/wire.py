"""HTTP/1.1 over asyncio's streams: one request, one answer, at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from .. import limits
from ..errors import TransportError
from ..exchange import Request
from ..settings import Settings
from ..transport import unix_socket


@dataclass(frozen=True, slots=True)
class Head:
    """The status line and headers of an answer, the latter by lower-case names."""

    status: int
    headers: dict[str, str]
    bounded: bool
    """Whether it says where its body ends."""
    keep: bool
    """Whether the connection may be used again after the body."""


class Connection:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Of streams that are open."""
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, settings: Settings) -> Connection:
        """Connects; `OSError` or `TimeoutError` if nobody is there."""
        async with asyncio.timeout(limits.CONNECT_TIMEOUT):
            if settings.socket is not None:
                made = await _unix(settings.socket)
            else:
                host, port, tls = settings.tcp
                made = await asyncio.open_connection(
                    host, port, ssl=tls or None, limit=limits.HEAD_BYTES
                )
        return cls(*made)

    @property
    def usable(self) -> bool:
        """Whether the gateway has not closed it."""
        return not self._reader.at_eof() and not self._writer.is_closing()

    async def ask(self, settings: Settings, request: Request) -> Head:
        """Sends a request and reads the head of its answer."""
        headers = {"Host": settings.host, **request.headers}
        if settings.token is not None:
            headers["Authorization"] = f"Bearer {settings.token}"
        if request.body is not None:
            headers["Content-Length"] = str(len(request.body))
        lines = [f"{request.method} {request.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + (request.body or b""))
        await self._writer.drain()
        return head(await self._reader.readuntil(b"\r\n\r\n"))

    async def body(self, answer: Head) -> AsyncIterator[bytes]:
        """The parts of the answer's body, as they come."""
        if answer.headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int((await self._reader.readline()).split(b";")[0], 16):
                async for part in self._exactly(size):
                    yield part
                await self._reader.readexactly(2)
            while (await self._reader.readline()).strip():
                pass
        elif (length := answer.headers.get("content-length")) is not None:
            async for part in self._exactly(int(length)):
                yield part
        elif answer.status not in (204, 304):
            while part := await self._reader.read(limits.HEAD_BYTES):
                yield part

    async def _exactly(self, size: int) -> AsyncIterator[bytes]:
        while size:
            part = await self._reader.read(min(size, limits.HEAD_BYTES))
            if not part:
                raise asyncio.IncompleteReadError(b"", size)
            size -= len(part)
            yield part

    def close(self) -> None:
        """Hangs up at once."""
        self._writer.close()


async def _unix(path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    steps = unix_socket(path)
    try:
        while True:
            await asyncio.sleep(next(steps))
    except StopIteration as done:
        connected = done.value
    return await asyncio.open_unix_connection(sock=connected, limit=limits.HEAD_BYTES)


def head(data: bytes) -> Head:
    """The head of an answer; :class:`TransportError` if it is none."""
    first, *lines = data.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    status = rest[:3]
    if not version.startswith("HTTP/1.") or not status.isdecimal():
        raise TransportError(f"no HTTP answer: {first[:80]!r}", sent=True)
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    bounded = "content-length" in headers or "transfer-encoding" in headers
    close = "close" in headers.get("connection", "").lower() or version == "HTTP/1.0"
    return Head(int(status), headers, bounded, bounded and not close)
