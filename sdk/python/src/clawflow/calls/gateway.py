"""The gateway itself, and who may reach it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..answers import Audit, ImportedRecords, QueueList, Status, TokenList, TokenMade
from ..binding import Binding
from ..exchange import Steps, call
from ..records import Token
from ..words import Access, AuditCode, Severity
from .operation import operation


@operation("gateway.status")
def status(binding: Binding) -> Steps[Status]:
    """Who holds the home, and how much runs."""
    return Status.of((yield from call(binding, "gateway.status")))


@operation("gateway.stop")
def stop(binding: Binding) -> Steps[None]:
    """Stops the gateway; running tasks go on."""
    yield from call(binding, "gateway.stop")


@operation("queue.list")
def list_queues(
    binding: Binding, queue: str | None = None, *, limit: int | None = None
) -> Steps[QueueList]:
    """Who runs in queues, who waits, and why: at most `limit` of those that wait in each."""
    return QueueList.of((yield from call(binding, "queue.list", queue=queue, limit=limit)))


@operation("token.create")
def create_token(
    binding: Binding,
    *,
    label: str,
    access: Access,
    owner: str | None = None,
    expires_at: int | None = None,
) -> Steps[TokenMade]:
    """Makes an access token, for one owner or for all. Its secret is shown this once."""
    answer = yield from call(
        binding, "token.create", label=label, access=access, owner=owner, expires_at=expires_at
    )
    return TokenMade.of(answer)


@operation("token.list")
def list_tokens(binding: Binding) -> Steps[list[Token]]:
    """All tokens, newest first, without their secrets."""
    return TokenList.of((yield from call(binding, "token.list"))).tokens


@operation("token.revoke", token_id="token")
def revoke_token(binding: Binding, token_id: str) -> Steps[Token]:
    """Revokes a token, by its id or label: it is refused from now on."""
    return Token.of((yield from call(binding, "token.revoke", token=token_id)))


@operation("audit.run")
def audit(
    binding: Binding,
    *,
    severity: Severity | None = None,
    code: Sequence[AuditCode] = (),
    limit: int | None = None,
) -> Steps[Audit]:
    """What is wrong, and what mends it: errors first, then what has been wrong for longer."""
    answer = yield from call(
        binding, "audit.run", severity=severity, code=list(code) or None, limit=limit
    )
    return Audit.of(answer)


@operation("maintenance.sweep", without=("retention", "vacuum", "check"))
def sweep(binding: Binding, *, apply: bool = False) -> Steps[tuple[int, int]]:
    """How many flows and tasks have been kept for long enough; with `apply` they are deleted."""
    answer = yield from call(binding, "maintenance.sweep", apply=apply)
    return answer["flows"], answer["tasks"]


@operation("import.openclaw", without=("place",))
def import_openclaw(
    binding: Binding,
    *,
    flows: Sequence[Mapping[str, Any]] = (),
    tasks: Sequence[Mapping[str, Any]] = (),
    jobs: Sequence[Mapping[str, Any]] = (),
    dry_run: bool = False,
) -> Steps[ImportedRecords]:
    """Takes over rows of OpenClaw's ledger, by the names of its columns: flows, then tasks.

    `clawflow import openclaw` reads them from its files. Jobs come disabled; a command of theirs
    needs a directory of its own, and a cron expression a zone.
    """
    answer = yield from call(
        binding,
        "import.openclaw",
        flows=[dict(row) for row in flows],
        tasks=[dict(row) for row in tasks],
        jobs=[dict(row) for row in jobs],
        dry_run=dry_run,
    )
    return ImportedRecords.of(answer)
