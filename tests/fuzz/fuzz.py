"""Starts a gateway in a home of its own, fuzzes it, and says whether it held.

It holds if schemathesis finds nothing, if every operation was carried out at least once, and if the
gateway still answers and is still the same process at the end.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import jsonschema_rs

import clawflow

HERE = Path(__file__).resolve().parent
READY = 60.0
"""Seconds that the gateway may take to be there, and to go."""
APART = ("gateway.stop", "event.stream", "gateway.openapi")
"""Operations that are tried here: one ends the gateway, one has no end, and schemathesis itself
leaves out the one that it got the document from."""


def main() -> int:
    """Exit code 0 if it held."""
    given = arguments()
    # What was started is ended, also when somebody ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="cf-fuzz-") as directory:
        home = Path(directory, "home")
        work = Path(directory, "work")
        for made in (home, work):
            made.mkdir()
        gateway, url = start(given.bin, home, work)
        try:
            return fuzz(given, gateway, url, home, work)
        finally:
            with (
                contextlib.suppress(clawflow.ClawflowError),
                clawflow.connect(home / "gateway.sock") as api,
            ):
                tidy(api)
            gateway.kill()
            gateway.wait()


def arguments() -> argparse.Namespace:
    """What the caller wants."""
    parser = argparse.ArgumentParser(prog="tests/fuzz/run", description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--examples", type=int, default=25, help="good requests per operation")
    parser.add_argument("--seconds", type=int, help="fuzz for so long")
    parser.add_argument("--seed", type=int, default=1, help="of what is made up")
    return parser.parse_args()


def fuzz(
    given: argparse.Namespace, gateway: subprocess.Popen[bytes], url: str, home: Path, work: Path
) -> int:
    """All of it, against a gateway that runs."""
    with clawflow.connect(home / "gateway.sock") as api:
        secret = api.create_token(label="the fuzzer itself", access="admin").secret
        answers = work / "answers"
        found = schemathesis(given, url, secret, home, answers)
        if not answers.exists():
            sys.exit("schemathesis has asked nothing")
        answer = get(f"{url}/openapi.json", secret)
        document = json.loads(answer[2])
        wrong = validate(document, "gateway.openapi", answer)
        wrong += validate(document, "gateway.openapi", get(f"{url}/openapi.json", None))
        wrong += stream(api, document, url, secret)
        seen = count(answers)
        # Those were just tried, and what is wrong with them said.
        seen["gateway.openapi"][200] += 1
        seen["event.stream"][200] += 1
        tidy(api)
        if gateway.poll() is not None:
            wrong.append(f"the gateway has ended: {gateway.returncode}")
        else:
            wrong += stop(document, url, secret, gateway)
            seen["gateway.stop"][200] += 1
    wrong += uncarried(document, seen)
    log = (home / "log").read_text(errors="replace")
    wrong += [line for line in log.splitlines() if "panicked" in line]
    if secret in log:
        wrong.append("the token's secret is in the log")
    for line in wrong:
        print(f"WRONG {line}", file=sys.stderr)
    total = sum(sum(codes.values()) for codes in seen.values())
    print(f"{total} answers of {len(seen)} operations, {len(wrong)} things wrong beside the checks")
    return 1 if found or wrong else 0


def start(program: str, home: Path, work: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A gateway that answers on a port of its own."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
    config = work / "config.toml"
    config.write_text("[agents.fuzz]\nprotocol = 'stdin'\ncommand = ['true']\n")
    env = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(work),
        "CLAWFLOW_HOME": str(home),
        "CLAWFLOW_CONFIG": str(config),
        "CLAWFLOW_GATEWAY_LISTEN": listen,
        # Nothing is to be refused for coming too fast.
        "CLAWFLOW_GATEWAY_RATE_LIMIT": "1000000",
        # Tasks that sleep until somebody stops them must not keep others from starting.
        "CLAWFLOW_GATEWAY_MAX_TASKS": "10000",
        "CLAWFLOW_SUBAGENTS_CHILDREN": "1000",
        "RUST_BACKTRACE": "1",
    }
    with (home / "log").open("wb") as log:
        gateway = subprocess.Popen(
            [program, "gateway", "run"], cwd=work, env=env, stdout=log, stderr=log
        )
    deadline = time.monotonic() + READY
    while True:
        try:
            with clawflow.connect(home / "gateway.sock") as api:
                api.status()
            return gateway, f"http://{listen}"
        except clawflow.ClawflowError:
            if gateway.poll() is not None or time.monotonic() > deadline:
                gateway.kill()
                sys.exit(f"no gateway: {(home / 'log').read_text()}")


def schemathesis(
    given: argparse.Namespace, url: str, secret: str, home: Path, answers: Path
) -> int:
    """The exit code of schemathesis."""
    command = [str(Path(sys.executable).with_name("schemathesis"))]
    command += ["--config-file", str(HERE / "schemathesis.toml"), "run", f"{url}/openapi.json"]
    command += ["--header", f"Authorization: Bearer {secret}", "--request-timeout", "30"]
    command += ["--max-examples", str(given.examples), "--seed", str(given.seed)]
    command += ["--workers", "1", "--continue-on-failure", "--warnings", "off", "--no-color"]
    command += ["--generation-database", "none"]
    command += [
        "--phases",
        "coverage,fuzzing" if given.seconds is None else "coverage,fuzzing,stateful",
    ]
    if given.seconds is not None:
        command += ["--max-time", str(given.seconds)]
    for operation in APART:
        command += ["--exclude-operation-id", operation]
    env = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "hooks",
        "FUZZ_SOCKET": str(home / "gateway.sock"),
        "FUZZ_DIRECTORY": str(answers.parent),
        "FUZZ_ANSWERS": str(answers),
        "FUZZ_SEED": str(given.seed),
    }
    return subprocess.run(command, env=env, cwd=answers.parent).returncode


def tidy(api: clawflow.Api) -> None:
    """Stops what still runs: tasks outlive their gateway."""
    for task in api.list_tasks(status=["queued", "running"]):
        if not task.reported:
            with contextlib.suppress(clawflow.ClawflowError):
                api.cancel_task(task.task_id, wait_ms=2000)


def count(answers: Path) -> dict[str, collections.Counter[int]]:
    """How often each operation was answered with each status."""
    seen: dict[str, collections.Counter[int]] = collections.defaultdict(collections.Counter)
    for line in answers.read_text().splitlines():
        operation, status = line.split()
        seen[operation][int(status)] += 1
    return seen


def uncarried(document: dict[str, Any], seen: dict[str, collections.Counter[int]]) -> list[str]:
    """The operations that were never carried out."""
    wrong = []
    for verbs in document["paths"].values():
        for made in verbs.values():
            codes = seen[made["operationId"]]
            if not any(200 <= code < 300 for code in codes):
                wrong.append(f"{made['operationId']} was never carried out: {dict(codes)}")
    return wrong


def get(
    url: str, secret: str | None, method: str = "GET", **headers: str
) -> tuple[int, str, bytes]:
    """Status, content type and body of an answer; of a stream its first line."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if secret is not None:
        sent["Authorization"] = f"Bearer {secret}"
    asked = urllib.request.Request(url, method=method, headers=sent)
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            kind = answer.headers.get_content_type()
            body = answer.readline() if kind == "text/event-stream" else answer.read()
            return answer.status, kind, body
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get_content_type(), error.read()


def validate(document: dict[str, Any], operation: str, answer: tuple[int, str, bytes]) -> list[str]:
    """What an answer has that its operation's description has not."""
    status, kind, body = answer
    (made,) = (
        made
        for verbs in document["paths"].values()
        for made in verbs.values()
        if made["operationId"] == operation
    )
    described = made["responses"].get(str(status))
    if described is None:
        return [f"{operation}: undocumented status {status}: {body!r}"]
    if "$ref" in described:
        described = document["components"]["responses"][described["$ref"].rpartition("/")[2]]
    content = described["content"].get(kind)
    if content is None:
        return [f"{operation}: undocumented content type {kind} with status {status}"]
    if not kind.endswith("json"):
        return []
    whole = {**content["schema"], "components": document["components"]}
    errors = jsonschema_rs.Draft202012Validator(whole).iter_errors(json.loads(body))
    return [f"{operation}: {status}: {error.message}" for error in errors]


def stream(api: clawflow.Api, document: dict[str, Any], url: str, secret: str) -> list[str]:
    """The event feed, good and bad; schemathesis would wait for its end."""
    there = f"{url}/v1/events/stream"
    wrong = []
    for status, query, headers in (
        (200, "?after=0", {}),
        (200, "", {"Last_Event_ID": "0"}),
        (400, "?after=-1", {}),
        (400, "?after=99999999999999999999", {}),
        (400, "?after=1&after=2", {}),
        (400, "?novelty=1", {}),
        (400, "?after=%ff", {}),
        (400, "", {"Last_Event_ID": "x"}),
        (400, "", {"Clawflow_Session": "%zz"}),
        (404, "?flow=flow_nothing", {}),
    ):
        answer = get(there + query, secret, **headers)
        wrong += validate(document, "event.stream", answer)
        if answer[0] != status:
            wrong.append(f"event.stream{query} {headers}: {answer[0]} instead of {status}")
    wrong += validate(document, "event.stream", get(there, None))
    if get(there, None)[0] != 401:
        wrong.append("event.stream: a stranger is let in")
    kind = document["components"]["schemas"]["StoredEvent"]
    checker = jsonschema_rs.Draft202012Validator({**kind, "components": document["components"]})
    last = api.history(limit=1).events[0].seq
    with api.events(after=last - 1) as events:
        for _, event in zip(range(1000), events, strict=False):
            wrong += [f"event.stream: {e.message}" for e in checker.iter_errors(dict(event.raw))]
            if not api.history(after=event.seq, limit=1).events:
                break
    return wrong


def stop(
    document: dict[str, Any], url: str, secret: str, gateway: subprocess.Popen[bytes]
) -> list[str]:
    """The end, as the document has it."""
    there = f"{url}/v1/stop"
    wrong = validate(document, "gateway.stop", get(there, None, "POST"))
    wrong += validate(document, "gateway.stop", get(f"{there}?novelty=1", secret, "POST"))
    answer = get(there, secret, "POST")
    wrong += validate(document, "gateway.stop", answer)
    try:
        code = gateway.wait(READY)
    except subprocess.TimeoutExpired:
        return [*wrong, "the gateway does not stop"]
    if answer[0] != 200 or code not in (0, -signal.SIGTERM):
        wrong.append(f"gateway.stop: status {answer[0]}, exit code {code}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
