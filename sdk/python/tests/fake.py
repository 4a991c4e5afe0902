"""A server that says what a test tells it to, on a unix socket or TCP."""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Reply = Callable[["Asked", socket.socket], bool]
"""Answers a request; whether the connection stays open."""


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Fake:
    """What it was asked, and what it is to answer, one by one; the last answer is repeated."""

    settings: dict[str, str]
    replies: list[Reply] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0


def answer(value: Any, status: int = 200, extra: str = "", keep: bool = True) -> Reply:
    body = json.dumps(value).encode()

    def reply(asked: Asked, client: socket.socket) -> bool:
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
        client.sendall(head.encode() + body)
        return keep

    return reply


def raw(*parts: bytes) -> Reply:
    """These bytes, then the end."""

    def reply(asked: Asked, client: socket.socket) -> bool:
        for part in parts:
            client.sendall(part)
        return False

    return reply


def hang_up(asked: Asked, client: socket.socket) -> bool:
    return False


@contextlib.contextmanager
def fake(kind: str, directory: Path, *replies: Reply) -> Iterator[Fake]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            state.connections += 1
            with contextlib.suppress(OSError):
                while asked := read(self):
                    state.asked.append(asked)
                    reply = state.replies[0]
                    if len(state.replies) > 1:
                        state.replies.pop(0)
                    if not reply(asked, self.connection):
                        return

    class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
        address_family = socket.AF_UNIX if kind == "unix" else socket.AF_INET
        daemon_threads = True
        block_on_close = False
        allow_reuse_address = kind != "unix"

        def server_bind(self) -> None:
            self.socket.bind(self.server_address)
            self.server_address = self.socket.getsockname()

    path = str(directory / "fake.sock")
    address: Any = path if kind == "unix" else ("127.0.0.1", 0)
    with Server(address, Handler) as server:
        host = server.server_address
        settings = {"socket": path} if kind == "unix" else {"url": f"http://127.0.0.1:{host[1]}"}
        state = Fake(settings, [*replies])
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


def read(handler: socketserver.StreamRequestHandler) -> Asked | None:
    first = handler.rfile.readline().decode().split()
    if not first:
        return None
    headers = {}
    while line := handler.rfile.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = handler.rfile.read(int(headers.get("content-length", 0)))
    return Asked(first[0], first[1], headers, body)
