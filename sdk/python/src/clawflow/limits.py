"""Bounds of the client, each with its reason. Times are seconds."""

from typing import Final

CALL_TIMEOUT: Final = 30.0
"""How long an answer may take, beyond what the request itself says that it may wait."""

CONNECT_TIMEOUT: Final = 5.0
"""How long a connection may take to be made."""

CONNECT_PAUSE: Final = 0.005
"""Pause before another try where too many connect to a socket at once."""

RETRY_PAUSES: Final = (0.05, 0.2, 0.75)
"""Pauses before the tries after the first: a gateway that is started again is back by then, and
somebody without one learns of it within a second."""

RETRY_AFTER_MAX: Final = 30.0
"""The longest pause that an answer may ask for (`Retry-After`)."""

IDLE_MAX: Final = 20.0
"""How long an unused connection is kept; the gateway closes them after 30."""

IDLE_CONNECTIONS: Final = 8
"""How many unused connections are kept."""

PAGE: Final = 500
"""Records asked for at once where all are wanted; the gateway gives at most 1000."""

POLL: Final = 25.0
"""How long one request waits for news of a flow; proxies often cut at 30."""

PATIENCE: Final = 60.0
"""How long news may fail to come because the gateway is away."""

CONFLICTS_MAX: Final = 100
"""How often a decision is made again because somebody else was faster."""

CONFLICT_PAUSE_MAX: Final = 0.05
"""The longest pause before that; a random part of it is taken."""

STREAM_SILENCE: Final = 60.0
"""How long an event feed may be silent, without even a comment, before it counts as dead."""

STREAM_PAUSES: Final = (0.1, 0.5, 2.0, 5.0)
"""Pauses between tries to open an event feed again; the last one is repeated."""

HEAD_BYTES: Final = 64 << 10
"""Bytes of an answer's status line and headers."""

LINE_BYTES: Final = 8 << 20
"""Bytes of one line of an event feed: an event carries records of 256 KiB and more."""
