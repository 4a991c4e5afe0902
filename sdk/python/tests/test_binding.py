"""Whom a handle speaks for."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace
from urllib.parse import unquote

import pytest

from clawflow.api import connect
from clawflow.binding import Binding
from clawflow.records import Origin

NOBODY = Binding()


@pytest.mark.parametrize("key", ["", "  ", None, 7])
def test_a_blank_session_key_is_refused(key: object) -> None:
    with pytest.raises(ValueError, match=r"^TaskFlow runtime requires a bound sessionKey\.$"):
        connect(socket="/none").bind_session(key)  # type: ignore[arg-type]


@pytest.mark.parametrize("ctx", [None, {}, {"sessionKey": " "}, SimpleNamespace(session_key="")])
def test_a_tool_context_without_a_session_is_refused(ctx: object) -> None:
    message = r"^TaskFlow runtime requires tool context with a sessionKey\.$"
    with pytest.raises(ValueError, match=message):
        connect(socket="/none").from_tool_context(ctx)


@pytest.mark.parametrize(
    "ctx",
    [
        {"sessionKey": "agent:main:main", "deliveryContext": {"channel": "slack"}},
        SimpleNamespace(session_key=" agent:main:main ", delivery_context={"channel": "slack"}),
    ],
)
def test_a_tool_context_binds_session_and_origin(ctx: object) -> None:
    handle = connect(socket="/none").from_tool_context(ctx)
    assert handle.session_key == "agent:main:main"
    assert handle.requester_origin == {"channel": "slack"}


def test_headers_carry_any_text() -> None:
    origin = {"channel": "slack", "to": "#büro", "accountId": "a", "threadId": "1.2"}
    headers = NOBODY.bind("agent:ä b/%", origin, "Zoë").headers()
    assert all(value.isascii() for value in headers.values())
    assert unquote(headers["Clawflow-Session"]) == "agent:ä b/%"
    assert unquote(headers["Clawflow-Actor"]) == "Zoë"
    packed = headers["Clawflow-Origin"]
    unpacked = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
    assert json.loads(unpacked) == origin


def test_an_origin_is_copied_and_named_as_the_gateway_does() -> None:
    origin = {"channel": "slack", "account_id": "a"}
    bound = NOBODY.bind("s", origin, None)
    origin["channel"] = "changed"
    assert bound.requester_origin == {"channel": "slack", "accountId": "a"}
    typed = NOBODY.bind("s", Origin(channel="slack", thread_id="7"), None)
    assert typed.requester_origin == {"channel": "slack", "threadId": "7"}


def test_the_actor_is_inherited() -> None:
    assert Binding(actor="a").bind("s", None, None).actor == "a"
    assert Binding(actor="a").bind("s", None, "b").actor == "b"
    assert NOBODY.headers() == {}
