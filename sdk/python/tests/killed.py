"""Runs a program that kills itself at a request: `killed.py NUMBER before|after PROGRAM …`.

As `kill -9` would: nothing is flushed, closed or said.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys

from clawflow.exchange import Request, Response
from clawflow.transport import Transport

SEND = Transport.send


def main() -> None:
    number, moment = int(sys.argv[1]), sys.argv[2]
    sys.argv = sys.argv[3:]
    sent = 0

    def send(self: Transport, request: Request) -> Response:
        nonlocal sent
        sent += 1
        if (sent, moment) == (number, "before"):
            os.kill(os.getpid(), signal.SIGKILL)
        response = SEND(self, request)
        if (sent, moment) == (number, "after"):
            os.kill(os.getpid(), signal.SIGKILL)
        return response

    Transport.send = send  # type: ignore[method-assign]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
