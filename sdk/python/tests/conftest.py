"""Gateways to test against: the real binary, in homes that go away."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import clawflow

READY = 20.0
"""Seconds that a gateway may take to be there; a debug build on a busy machine."""


def binary() -> str:
    """The program: `CLAWFLOW_BIN`, else one that was built here, else one that is installed."""
    root = Path(__file__).resolve().parents[3]
    built = [root / "target" / profile / "clawflow" for profile in ("release", "debug")]
    candidates = [os.environ.get("CLAWFLOW_BIN"), *map(str, built), shutil.which("clawflow")]
    for candidate in candidates:
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    pytest.fail("no clawflow to test against: set CLAWFLOW_BIN, or run cargo build")


class Gateway:
    """A gateway that can be killed and started again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.socket = home / "gateway.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def env(self) -> dict[str, str]:
        """The environment of a program that is to find it."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("CLAWFLOW_")}
        return {**kept, "CLAWFLOW_HOME": str(self.home), "CLAWFLOW_CONFIG": os.devnull}

    def start(self, **settings: str) -> None:
        """Starts it, and waits until it answers."""
        env = {**self.env, **{f"CLAWFLOW_{name.upper()}": v for name, v in settings.items()}}
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [binary(), "gateway", "run"], env=env, stdin=subprocess.DEVNULL, stderr=log
            )
        deadline = time.monotonic() + READY
        while True:
            try:
                with clawflow.connect(self.socket) as api:
                    api.status()
                return
            except clawflow.ClawflowError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"no gateway: {(self.home / 'log').read_text()}")

    def kill(self) -> None:
        """Kills it, as a crash would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ends it in order, if it runs."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(READY)
            self._process = None


@pytest.fixture(scope="session")
def shared_gateway() -> Iterator[Gateway]:
    """One for all tests that do not hurt it; each takes a session of its own."""
    yield from _gateway()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """One for this test, not started yet."""
    with tempfile.TemporaryDirectory(prefix="cf-") as home:
        made = Gateway(Path(home))
        yield made
        made.stop()


def _gateway() -> Iterator[Gateway]:
    # A short path: that of a socket may have 107 bytes.
    with tempfile.TemporaryDirectory(prefix="cf-") as home:
        made = Gateway(Path(home))
        made.start()
        yield made
        made.stop()


@pytest.fixture
def api(shared_gateway: Gateway) -> Iterator[clawflow.Api]:
    """The operator's view of the shared gateway."""
    with clawflow.connect(shared_gateway.socket) as made:
        yield made


@pytest.fixture
def flows(api: clawflow.Api, request: pytest.FixtureRequest) -> clawflow.TaskFlow:
    """A session of this test's own."""
    return api.bind_session(f"agent:test:{request.node.name}")
