"""The client and the gateway's OpenAPI document say the same: neither can drift alone."""

from __future__ import annotations

import functools
import inspect
import json
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clawflow import aio, answers, api, records, waits
from clawflow.calls.operation import OPERATIONS, Operation
from clawflow.codec import Record, camel, wire_names
from clawflow.endpoints import ENDPOINTS, STREAM
from clawflow.exchange import Unset
from clawflow.outcome import REFUSALS

SCHEMAS = {
    "Acknowledged": "InboxAckResponse",
    "Answered": "FlowAnswerResponse",
    "Audit": "AuditResponse",
    "DeliveryList": "DeliveryListResponse",
    "Emitted": "FlowEmitResponse",
    "Event": "StoredEvent",
    "EventList": "FlowEventsResponse",
    "FlowList": "FlowListResponse",
    "FlowNews": "FlowWaitResponse",
    "FlowWaiting": "FlowWaitingResponse",
    "ImportedRecords": "ImportOpenclawResponse",
    "Logs": "TaskLogsResponse",
    "Purged": "FlowPurgeResponse",
    "PurgedTasks": "TaskPurgeResponse",
    "Queue": "QueueView",
    "QueueList": "QueueListResponse",
    "RunTask": "FlowRunTaskResponse",
    "ScheduleList": "ScheduleListResponse",
    "ScheduleNext": "ScheduleNextResponse",
    "ScheduleRuns": "ScheduleRunsResponse",
    "ScheduleStatus": "ScheduleStatusResponse",
    "Signalled": "SignalResponse",
    "Source": "FlowSourceResponse",
    "Spawned": "AgentSpawnResponse",
    "Status": "StatusResponse",
    "TaskList": "TaskListResponse",
    "TokenList": "TokenListResponse",
    "TokenMade": "TokenCreateResponse",
    "TaskWhy": "TaskWhyResponse",
    "Why": "FlowWhyResponse",
}
"""Records that have another name in the document."""

NO_RECORD = {
    # Nobody needs what stands in it.
    "StopResponse",
    # For operators, who have the command line.
    "MaintenanceResponse",
}
PROBES = {"/healthz", "/readyz", "/openapi.json"}
WAITS = {"timer": waits.Timer, "event": waits.Signal, "person": waits.Person, "task": waits.TaskEnd}


@functools.cache
def document() -> dict[str, Any]:
    path = Path(__file__).resolve().parents[2] / "openapi.json"
    return typing.cast("dict[str, Any]", json.loads(path.read_text()))


def operations() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Verb, path and description of each call, by its name."""
    return {
        made["operationId"]: (verb.upper(), path, made)
        for path, verbs in document()["paths"].items()
        for verb, made in verbs.items()
        if path not in PROBES
    }


def schema(value: dict[str, Any]) -> dict[str, Any]:
    """What a reference stands for."""
    while "$ref" in value:
        found = document()
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


def all_records() -> list[type[Record]]:
    return [
        value
        for module in (records, answers)
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, Record)
        and value.__module__ == module.__name__
    ]


def words(value: dict[str, Any]) -> set[str] | None:
    """The words of an enumeration."""
    if "enum" in value:
        return set(value["enum"])
    cases = value.get("oneOf", [])
    return {case["const"] for case in cases} if cases and "const" in cases[0] else None


def variants(hint: Any) -> list[Any]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return [arg for arg in typing.get_args(hint) if arg not in (type(None), Unset)]
    return [hint]


def mismatch(hint: Any, value: dict[str, Any]) -> str | None:
    """Why a type does not stand for a schema; nothing if it does."""
    value = schema(value)
    if "allOf" in value and len(value["allOf"]) == 1:
        value = schema(value["allOf"][0])
    if "anyOf" in value:
        value = schema(next(case for case in value["anyOf"] if case.get("type") != "null"))
    hint = variants(hint)[0]
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        given = words(value)
        return None if given == set(args) else f"{set(args)} is not {given}"
    if inspect.isclass(hint) and issubclass(hint, Record):
        wanted = document()["components"]["schemas"][SCHEMAS.get(hint.__name__, hint.__name__)]
        return None if value is wanted else f"{hint.__name__} is not {value}"
    kind = value.get("type")
    kind = next(one for one in kind if one != "null") if isinstance(kind, list) else kind
    if hint is Any:
        return None if kind is None else f"Any is not {kind}"
    if kind == "array":
        return mismatch(args[0], value["items"])
    if kind == "object":
        inner = value.get("additionalProperties", True)
        return mismatch(args[1], {} if inner is True else inner)
    known = {"string": str, "integer": int, "number": float, "boolean": bool}
    return None if hint is known.get(kind or "") else f"{hint} is not {kind}"


@pytest.mark.parametrize("record", all_records(), ids=lambda record: record.__name__)
def test_records_have_the_fields_of_their_schemas(record: type[Record]) -> None:
    name = SCHEMAS.get(record.__name__, record.__name__)
    wanted = document()["components"]["schemas"][name]
    if "oneOf" in wanted:
        properties = {k: v for case in wanted["oneOf"] for k, v in case["properties"].items()}
        required: set[str] = set()
    else:
        properties, required = wanted["properties"], set(wanted.get("required", ()))
    fields = wire_names(record)
    assert set(fields) == set(properties)
    # A record may be content with less than the gateway promises, never ask for more.
    assert {field for field, needed in fields.items() if needed} <= required
    hints = typing.get_type_hints(record)
    for field in fields:
        (hint,) = (hints[one] for one in hints if camel(one) == field)
        assert mismatch(hint, properties[field]) is None, field


def test_every_answer_has_a_record() -> None:
    known = {SCHEMAS.get(record.__name__, record.__name__) for record in all_records()}
    for name, (_, _, made) in operations().items():
        content = made["responses"]["200"]["content"].get("application/json")
        if content is None:
            assert name == "event.stream"
            continue
        answer = content["schema"]["$ref"].rpartition("/")[2]
        assert answer in known | NO_RECORD, name


def test_the_table_of_endpoints_is_the_documents() -> None:
    wanted = {name: (verb, path) for name, (verb, path, _) in operations().items()}
    assert wanted.pop("event.stream") == ("GET", STREAM)
    assert wanted == ENDPOINTS


def fields_of(made: dict[str, Any]) -> tuple[dict[str, dict[str, Any]], set[str]]:
    """The fields of a call with their schemas, and those that must be given."""
    fields, required = {}, set()
    for parameter in map(schema, made.get("parameters", ())):
        if parameter["in"] != "header":
            fields[parameter["name"]] = parameter["schema"]
            required |= {parameter["name"]} if parameter["required"] else set()
    if body := made.get("requestBody"):
        asked = schema(body["content"]["application/json"]["schema"])
        fields |= asked.get("properties", {})
        required |= set(asked.get("required", ()))
    return fields, required


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.function.__name__)
def test_methods_have_the_parameters_of_their_calls(operation: Operation) -> None:
    fields, required = fields_of(operations()[operation.call][2])
    _, *parameters = inspect.signature(operation.function).parameters.values()
    hints = typing.get_type_hints(operation.function)
    named = {one.name: operation.renamed.get(one.name, camel(one.name)) for one in parameters}
    assert set(named.values()) | operation.without == set(fields)
    assert not set(named.values()) & operation.without
    needed = {named[one.name] for one in parameters if one.default is inspect.Parameter.empty}
    # TaskFlow's commands name their revision, where the wire does not insist.
    assert needed - required <= {"expectedRevision"}
    # What must be said is said, by the caller or by a default of its own.
    unsaid = {one for one in parameters if named[one.name] in required and one.default is None}
    assert not unsaid
    for one in parameters:
        # Records that may be given as mappings, whose defaults the wire fills in.
        if named[one.name] not in ("waitFor", "usage", "policies", "budget"):
            assert mismatch(hints[one.name], fields[named[one.name]]) is None, one.name


def test_every_call_has_a_method() -> None:
    assert {one.call for one in OPERATIONS} | {"event.stream"} == set(operations())


@pytest.mark.parametrize("module", [api, aio.api], ids=["blocking", "asyncio"])
def test_every_function_is_a_method(module: Any) -> None:
    def built(cls: type) -> set[Callable[..., Any]]:
        members = inspect.getmembers(cls, inspect.isfunction)
        return {member.__wrapped__ for _, member in members if hasattr(member, "__wrapped__")}

    methods = built(module.Api) | built(module.TaskFlow)
    assert {one.function for one in OPERATIONS} <= methods


def test_both_apis_are_the_same() -> None:
    for name in ("Api", "TaskFlow"):
        blocking, awaited = getattr(api, name), getattr(aio, name)
        public = {one for one in dir(blocking) if not one.startswith("_")}
        assert public == {one for one in dir(awaited) if not one.startswith("_")}
        for one in public:
            ours, theirs = getattr(blocking, one), getattr(awaited, one)
            if callable(ours) and one != "with_conflict_retry":
                assert str(inspect.signature(ours)) == str(inspect.signature(theirs)), one
                assert inspect.getdoc(ours) == inspect.getdoc(theirs), one


def test_no_method_of_a_bound_handle_takes_an_owner() -> None:
    for cls in (api.TaskFlow, aio.TaskFlow):
        for name, member in inspect.getmembers(cls, inspect.isfunction):
            assert "owner" not in inspect.signature(member).parameters, name


def test_typed_waits_are_the_documents() -> None:
    cases = schema({"$ref": "#/components/schemas/WaitFor"})["oneOf"]
    assert {case["properties"]["kind"]["const"] for case in cases} == set(WAITS)
    for case in cases:
        properties = case["properties"]
        cls = WAITS[properties["kind"]["const"]]
        hints = typing.get_type_hints(cls)
        assert {camel(name) for name in hints} | {"kind"} == set(properties)
        for name, hint in hints.items():
            assert mismatch(hint, properties[camel(name)]) is None, name


def test_refusals_are_codes_of_the_document() -> None:
    codes = schema({"$ref": "#/components/schemas/ApiError"})["properties"]["code"]["enum"]
    assert set(codes) >= REFUSALS
