"""Where the gateway is: arguments first, then the environment, then the usual place."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Settings:
    """One of `socket` and `url`, and the token if there is one."""

    socket: str | None = None
    url: str | None = None
    token: str | None = field(default=None, repr=False)

    @property
    def where(self) -> str:
        """The address, for messages."""
        return self.url or self.socket or ""

    @property
    def tcp(self) -> tuple[str, int, bool]:
        """Host, port and whether it is TLS; for a `url`."""
        # invariant: `find` has checked it.
        parts = urlsplit(self.url or "")
        tls = parts.scheme == "https"
        return parts.hostname or "", parts.port or (443 if tls else 80), tls

    @property
    def host(self) -> str:
        """The `Host` header."""
        return urlsplit(self.url).netloc if self.url else "clawflow"


def find(
    socket: str | os.PathLike[str] | None = None,
    url: str | None = None,
    token: str | None = None,
    env: Mapping[str, str] | None = None,
) -> Settings:
    """The settings; an empty variable counts as not set. `ValueError` for what cannot be one."""
    env = os.environ if env is None else env
    if socket is not None and url is not None:
        raise ValueError("give a socket or a url, not both")
    token = token or env.get("CLAWFLOW_TOKEN") or None
    if socket is None and url is None:
        url = env.get("CLAWFLOW_URL") or None
        socket = None if url else env.get("CLAWFLOW_SOCKET") or None
    if url is not None and url.startswith("unix:"):
        socket, url = re.sub("^//(?=/)", "", url.removeprefix("unix:")), None
        if not socket.startswith("/"):
            raise ValueError("a unix: url has an absolute path")
    if url is not None:
        return Settings(url=_checked(url), token=_header(token))
    path = os.fspath(socket) if socket is not None else str(_home(env) / "gateway.sock")
    return Settings(socket=path, token=_header(token))


def _home(env: Mapping[str, str]) -> Path:
    if home := env.get("CLAWFLOW_HOME"):
        return Path(home)
    # As the gateway does: a relative one does not count.
    if (state := env.get("XDG_STATE_HOME", "")).startswith("/"):
        return Path(state) / "clawflow"
    return Path(env.get("HOME") or Path.home()) / ".local/state/clawflow"


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError("a gateway's url is http://HOST:PORT, https://HOST or unix:/PATH")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("a gateway's url has no path")
    if parts.port == 0:
        raise ValueError("a gateway's url has a port from 1 to 65535")
    return f"{parts.scheme}://{parts.netloc}"


def _header(token: str | None) -> str | None:
    if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
        # Without the token in the message: errors end up in logs.
        raise ValueError("the token has characters that no token has")
    return token
