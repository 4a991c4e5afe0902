"""Where the client looks for a gateway."""

from __future__ import annotations

import pytest

from clawflow.settings import find


def test_arguments_come_before_the_environment() -> None:
    env = {"CLAWFLOW_SOCKET": "/e/s.sock", "CLAWFLOW_URL": "http://e:1", "CLAWFLOW_TOKEN": "et"}
    assert find(socket="/a/s.sock", env=env).socket == "/a/s.sock"
    assert find(url="http://a:2", env=env).url == "http://a:2"
    assert find(url="http://a:2", token="at", env=env).token == "at"
    assert find(url="http://a:2", env=env).token == "et"


@pytest.mark.parametrize(
    ("env", "where"),
    [
        ({"CLAWFLOW_URL": "http://h:1", "CLAWFLOW_SOCKET": "/s"}, "http://h:1"),
        ({"CLAWFLOW_URL": "", "CLAWFLOW_SOCKET": "/s"}, "/s"),
        ({"CLAWFLOW_URL": "unix:/s"}, "/s"),
        ({"CLAWFLOW_URL": "unix:///s"}, "/s"),
        ({"CLAWFLOW_SOCKET": "/s", "CLAWFLOW_HOME": "/h"}, "/s"),
        ({"CLAWFLOW_HOME": "/h", "XDG_STATE_HOME": "/x"}, "/h/gateway.sock"),
        ({"XDG_STATE_HOME": "/x", "HOME": "/u"}, "/x/clawflow/gateway.sock"),
        (
            {"XDG_STATE_HOME": "relative", "HOME": "/u"},
            "/u/.local/state/clawflow/gateway.sock",
        ),
    ],
)
def test_environment_is_asked_in_order(env: dict[str, str], where: str) -> None:
    assert find(env=env).where == where


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h",
        "h:1",
        "http://",
        "http://u:p@h",
        "http://h/path",
        "http://h?x=1",
        "http://h:0",
        "http://h:99999",
        "unix:relative",
    ],
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"url|[Pp]ort"):
        find(url=url, env={})


def test_socket_and_url_together_are_refused() -> None:
    with pytest.raises(ValueError, match="not both"):
        find(socket="/s", url="http://h", env={})


@pytest.mark.parametrize("token", ["a b", "a\nX: y", "ä"])
def test_a_token_that_is_none_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(ValueError, match="token") as caught:
        find(url="http://h", token=token, env={})
    assert token not in str(caught.value)


def test_the_token_is_not_shown() -> None:
    assert "secret" not in repr(find(url="http://h", token="secret", env={}))


def test_ports_and_names_of_a_url() -> None:
    assert find(url="https://h.example", env={}).tcp == ("h.example", 443, True)
    assert find(url="http://[::1]:7171/", env={}).tcp == ("::1", 7171, False)
    assert find(url="http://[::1]:7171", env={}).host == "[::1]:7171"
