"""Blocking HTTP over a unix socket or TCP. Safe to use from several threads."""

from __future__ import annotations

import http.client
import select
import socket
import threading
import time
from collections.abc import Callable, Generator
from typing import TypeVar

from . import limits
from .errors import TransportError
from .exchange import Pause, Request, Response, Steps
from .settings import Settings

T = TypeVar("T")


def drive(steps: Steps[T], send: Callable[[Request], Response]) -> T:
    """Carries a call out to its end."""
    try:
        step = next(steps)
        while True:
            if isinstance(step, Pause):
                time.sleep(step.seconds)
                step = steps.send(None)
                continue
            try:
                response = send(step)
            except TransportError as failure:
                step = steps.throw(failure)
            else:
                step = steps.send(response)
    except StopIteration as done:
        result: T = done.value
        return result


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str) -> None:
        """Does not connect yet."""
        super().__init__("clawflow")
        self._path = path

    def connect(self) -> None:
        """Connects to the socket."""
        steps = unix_socket(self._path)
        try:
            while True:
                time.sleep(next(steps))
        except StopIteration as done:
            self.sock = done.value


def unix_socket(path: str) -> Generator[float, None, socket.socket]:
    """A connected, non-blocking socket; yields the pauses before it is tried again.

    Where many connect at once the kernel refuses with EAGAIN, which neither blocking sockets with
    a timeout nor asyncio's tell from a connection that is under way.
    """
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    deadline = time.monotonic() + limits.CONNECT_TIMEOUT
    try:
        made.setblocking(False)
        while True:
            try:
                made.connect(path)
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise TimeoutError("too many connect at once") from error
                yield limits.CONNECT_PAUSE
            else:
                return made
    except BaseException:
        made.close()
        raise


class Transport:
    """Connections to one gateway."""

    def __init__(self, settings: Settings) -> None:
        """Connects with the first request."""
        self.settings = settings
        self._lock = threading.Lock()
        self._idle: list[tuple[float, http.client.HTTPConnection]] = []
        self._closed = False

    def send(self, request: Request) -> Response:
        """Sends a request; :class:`TransportError` if no answer comes."""
        connection = self._take() or self._connect()
        try:
            answer = self._exchange(connection, request)
            response = _whole(answer)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise TransportError(f"{self.settings.where}: {why(error)}", sent=True) from error
        except BaseException:
            connection.close()
            raise
        if answer.will_close:
            connection.close()
        else:
            self._give(connection)
        return response

    def stream(
        self, request: Request
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Opens an answer without an end, on a connection of its own, which the caller closes."""
        connection = self._connect()
        try:
            return connection, self._exchange(connection, request)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise TransportError(f"{self.settings.where}: {why(error)}", sent=True) from error
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        """Closes what is open; requests under way end by themselves."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close()

    def _exchange(
        self, connection: http.client.HTTPConnection, request: Request
    ) -> http.client.HTTPResponse:
        # invariant: it is connected.
        assert connection.sock is not None
        connection.sock.settimeout(request.timeout)
        headers = {"Host": self.settings.host, **request.headers}
        if self.settings.token is not None:
            headers["Authorization"] = f"Bearer {self.settings.token}"
        connection.request(request.method, request.target, request.body, headers)
        return connection.getresponse()

    def _connect(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection
        if self.settings.socket is not None:
            connection = UnixConnection(self.settings.socket)
        else:
            host, port, tls = self.settings.tcp
            kind = http.client.HTTPSConnection if tls else http.client.HTTPConnection
            connection = kind(host, port, timeout=limits.CONNECT_TIMEOUT)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            where = self.settings.where
            raise TransportError(f"no gateway at {where}: {why(error)}", sent=False) from error
        return connection

    def _take(self) -> http.client.HTTPConnection | None:
        """An idle connection that the gateway has not closed."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                since, connection = self._idle.pop()
            # Readable without a request means closed, or broken.
            poll = select.poll()
            poll.register(connection.sock, select.POLLIN)
            if time.monotonic() - since < limits.IDLE_MAX and not poll.poll(0):
                return connection
            connection.close()

    def _give(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if not self._closed and len(self._idle) < limits.IDLE_CONNECTIONS:
                self._idle.append((time.monotonic(), connection))
                return
        connection.close()


def _whole(answer: http.client.HTTPResponse) -> Response:
    with answer:
        if answer.length is None and not answer.chunked:
            # The gateway's answers have an end; this is the half of one.
            raise http.client.IncompleteRead(b"")
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Response(answer.status, headers, answer.read())


def why(error: BaseException) -> str:
    """What went wrong, in a few words."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__
