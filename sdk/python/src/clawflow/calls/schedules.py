"""Schedules: what time starts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ..answers import ScheduleList, ScheduleNext, ScheduleRuns, ScheduleStatus
from ..binding import Binding
from ..codec import Record, camel
from ..exchange import Steps, call
from ..records import (
    Schedule,
    SchedulePolicies,
    ScheduleRun,
    ScheduleSpec,
    ScheduleStart,
    ScheduleView,
)
from ..words import RunStatus
from .operation import operation


@operation("schedule.add")
def add_schedule(
    binding: Binding,
    *,
    name: str,
    spec: ScheduleSpec | Mapping[str, Any],
    start: ScheduleStart | Mapping[str, Any],
    policies: SchedulePolicies | Mapping[str, Any] | None = None,
    owner: str | None = None,
    disabled: bool = False,
    idempotency_key: str | None = None,
) -> Steps[Schedule]:
    """Makes a schedule."""
    answer = yield from call(
        binding,
        "schedule.add",
        name=name,
        spec=_wire(spec),
        start=_wire(start),
        policies=_wire(policies),
        owner=owner,
        disabled=disabled,
        idempotency_key=idempotency_key,
    )
    return Schedule.of(answer)


@operation("schedule.add", without=("owner",))
def add_own_schedule(
    binding: Binding,
    *,
    name: str,
    spec: ScheduleSpec | Mapping[str, Any],
    start: ScheduleStart | Mapping[str, Any],
    policies: SchedulePolicies | Mapping[str, Any] | None = None,
    disabled: bool = False,
    idempotency_key: str | None = None,
) -> Steps[Schedule]:
    """Makes a schedule of this session."""
    return (
        yield from add_schedule(
            binding,
            name=name,
            spec=spec,
            start=start,
            policies=policies,
            disabled=disabled,
            idempotency_key=idempotency_key,
        )
    )


@operation("schedule.list")
def list_schedules(
    binding: Binding,
    *,
    owner: str | None = None,
    enabled: bool = False,
    limit: int | None = None,
    after: str | None = None,
) -> Steps[ScheduleList]:
    """A page of schedules, newest first."""
    answer = yield from call(
        binding, "schedule.list", owner=owner, enabled=enabled, limit=limit, after=after
    )
    return ScheduleList.of(answer)


@operation("schedule.list", without=("owner",))
def list_own_schedules(
    binding: Binding,
    *,
    enabled: bool = False,
    limit: int | None = None,
    after: str | None = None,
) -> Steps[ScheduleList]:
    """A page of this session's schedules, newest first."""
    return (yield from list_schedules(binding, enabled=enabled, limit=limit, after=after))


@operation("schedule.show")
def get_schedule(binding: Binding, schedule: str) -> Steps[ScheduleView]:
    """A schedule with its open runs, by its name or id."""
    return ScheduleView.of((yield from call(binding, "schedule.show", schedule=schedule)))


@operation("schedule.edit")
def edit_schedule(
    binding: Binding,
    schedule: str,
    *,
    expected_version: int | None = None,
    name: str | None = None,
    spec: ScheduleSpec | Mapping[str, Any] | None = None,
    start: ScheduleStart | Mapping[str, Any] | None = None,
    policies: SchedulePolicies | Mapping[str, Any] | None = None,
) -> Steps[Schedule]:
    """Changes a schedule; what is left out stays, but policies are given whole."""
    answer = yield from call(
        binding,
        "schedule.edit",
        schedule=schedule,
        expected_version=expected_version,
        name=name,
        spec=_wire(spec),
        start=_wire(start),
        policies=_wire(policies),
    )
    return Schedule.of(answer)


@operation("schedule.enable")
def enable_schedule(binding: Binding, schedule: str) -> Steps[Schedule]:
    """Lets a schedule fire again."""
    return Schedule.of((yield from call(binding, "schedule.enable", schedule=schedule)))


@operation("schedule.disable")
def disable_schedule(binding: Binding, schedule: str) -> Steps[Schedule]:
    """Lets a schedule fire no more."""
    return Schedule.of((yield from call(binding, "schedule.disable", schedule=schedule)))


@operation("schedule.remove")
def remove_schedule(binding: Binding, schedule: str) -> Steps[Schedule]:
    """Deletes a schedule with its history; what runs goes on."""
    return Schedule.of((yield from call(binding, "schedule.remove", schedule=schedule)))


@operation("schedule.run")
def run_schedule(binding: Binding, schedule: str) -> Steps[ScheduleRun]:
    """Fires a schedule now; its slots stay where they are."""
    return ScheduleRun.of((yield from call(binding, "schedule.run", schedule=schedule)))


@operation("schedule.runs")
def list_schedule_runs(
    binding: Binding,
    schedule: str | None = None,
    *,
    status: list[RunStatus] | None = None,
    limit: int | None = None,
    after: str | None = None,
) -> Steps[ScheduleRuns]:
    """A page of runs, newest first."""
    answer = yield from call(
        binding, "schedule.runs", schedule=schedule, status=status, limit=limit, after=after
    )
    return ScheduleRuns.of(answer)


@operation("schedule.next")
def next_slots(binding: Binding, schedule: str, *, count: int | None = None) -> Steps[ScheduleNext]:
    """The slots of a schedule to come."""
    answer = yield from call(binding, "schedule.next", schedule=schedule, count=count)
    return ScheduleNext.of(answer)


@operation("schedule.status")
def schedule_status(binding: Binding) -> Steps[ScheduleStatus]:
    """Whether schedules fire, and when the next one is due."""
    return ScheduleStatus.of((yield from call(binding, "schedule.status")))


def _wire(value: Record | Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A record as the gateway writes it."""
    if not isinstance(value, Record):
        return None if value is None else dict(value)
    fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
    return {
        camel(name): given for name, given in fields.items() if name != "raw" and given is not None
    }
