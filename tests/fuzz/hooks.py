"""What schemathesis does with each request of ours: real ids in, short waits, answers counted."""

from __future__ import annotations

import os
import random
import threading
from typing import Any
from urllib.parse import quote

import schemathesis

from seeds import SESSION, Seed, Seeds

SEEDED = 0.7
"""How many of the requests that ought to be good get real ids."""
WHOLE = 0.5
"""How many of those get a body that is known to be good."""
WAIT_MS = 50
"""The longest wait: the gateway would wait a minute if asked to."""

SEEDS = Seeds(os.environ["FUZZ_SOCKET"], os.environ["FUZZ_DIRECTORY"])
RANDOM = random.Random(os.environ.get("FUZZ_SEED"))
LOCK = threading.Lock()


@schemathesis.hook
def before_call(
    context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]
) -> None:
    """Prepares a request."""
    for fields in (case.query, case.body):
        if isinstance(fields, dict):
            shorten(fields)
    operation = case.operation.definition.raw["operationId"]
    positive = case.meta is None or case.meta.generation.mode.is_positive
    with LOCK:
        seeded, whole = RANDOM.random() < SEEDED, RANDOM.random() < WHOLE
    if positive and seeded:
        put(case, SEEDS.make(operation), whole)
        if operation.startswith("token."):
            # Tokens are the operator's: who speaks for a session sees none.
            case.headers.pop("Clawflow-Session", None)


def shorten(fields: dict[str, Any]) -> None:
    """Keeps what was asked, but not for so long."""
    for name in ("timeoutMs", "waitMs"):
        asked = fields.get(name)
        if isinstance(asked, int) and asked > WAIT_MS:
            fields[name] = WAIT_MS


def put(case: schemathesis.Case, seed: Seed, whole: bool) -> None:
    """Puts a seed into a request; what is left of it is as it was made up."""
    case.path_parameters.update(seed.path)
    if case.query is not None:
        case.query.update(seed.query)
    case.headers["Clawflow-Session"] = quote(SESSION, safe="")
    # What was made up is never the revision of a flow that was just made.
    case.headers.pop("If-Match", None)
    if isinstance(case.body, dict):
        case.body.pop("expectedRevision", None)
    if whole and seed.body is not None:
        case.body = dict(seed.body)
        case.headers.pop("Idempotency-Key", None)
        case.headers.pop("Clawflow-Origin", None)


@schemathesis.hook
def after_call(
    context: schemathesis.HookContext, case: schemathesis.Case, response: schemathesis.Response
) -> None:
    """Counts an answer."""
    operation = case.operation.definition.raw["operationId"]
    with LOCK, open(os.environ["FUZZ_ANSWERS"], "a", encoding="utf-8") as file:
        file.write(f"{operation} {response.status_code}\n")
