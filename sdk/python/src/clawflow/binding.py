"""Whom a handle speaks for. It goes with every request, so that no method takes an owner."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from .codec import camel
from .records import Origin


@dataclass(frozen=True, slots=True)
class Binding:
    """The session, where its requests came from, and who acts."""

    session_key: str | None = None
    requester_origin: Mapping[str, Any] | None = None
    actor: str | None = None

    def bind(
        self, session_key: str, origin: Origin | Mapping[str, Any] | None, actor: str | None
    ) -> Binding:
        """The same for a session; `ValueError` if its key is blank."""
        if not isinstance(session_key, str) or not session_key.strip():
            raise ValueError("TaskFlow runtime requires a bound sessionKey.")
        return replace(
            self,
            session_key=session_key.strip(),
            requester_origin=origin_json(origin),
            actor=actor if actor is not None else self.actor,
        )

    def bind_tool(self, ctx: object) -> Binding:
        """The same for the session of a tool's context; `ValueError` if it has none."""
        key = _of(ctx, "sessionKey", "session_key")
        if not isinstance(key, str) or not key.strip():
            raise ValueError("TaskFlow runtime requires tool context with a sessionKey.")
        return self.bind(key, _of(ctx, "deliveryContext", "delivery_context"), None)

    def headers(self) -> dict[str, str]:
        """The headers that carry it."""
        headers: dict[str, str] = {}
        if self.session_key is not None:
            headers["Clawflow-Session"] = quote(self.session_key, safe="")
        if self.requester_origin is not None:
            packed = json.dumps(self.requester_origin, separators=(",", ":")).encode()
            headers["Clawflow-Origin"] = base64.urlsafe_b64encode(packed).decode().rstrip("=")
        if self.actor is not None:
            headers["Clawflow-Actor"] = quote(self.actor, safe="")
        return headers


def origin_json(origin: Origin | Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """An origin in the gateway's names, copied, so that later changes do not reach it."""
    if origin is None:
        return None
    if isinstance(origin, Origin):
        names = ("channel", "to", "account_id", "thread_id")
        origin = {name: getattr(origin, name) for name in names}
    known = {camel(name): value for name, value in origin.items() if value is not None}
    return json.loads(json.dumps(known))  # type: ignore[no-any-return]


def _of(ctx: object, *names: str) -> Any:
    for name in names:
        value = ctx.get(name) if isinstance(ctx, Mapping) else getattr(ctx, name, None)
        if value is not None:
            return value
    return None
