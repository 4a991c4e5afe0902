-- The ledger. Columns are what is queried or constrained; `record` is the whole row as JSON.
-- Times are milliseconds since 1970. A partial index has the columns of its condition too: without
-- them SQLite would look into the table for each row. A migration is never edited once released.

create table meta (
    name text not null primary key,
    value integer not null
) strict, without rowid;

-- epoch: the newest gateway epoch. seq: the newest event's seq when events were last deleted.
insert into meta (name, value) values ('epoch', 0), ('seq', 0);

create table definition (
    hash text not null primary key check (hash <> ''),
    source text not null
) strict;

create table flow (
    flow_id text not null primary key check (flow_id <> ''),
    owner_key text not null,
    key text,
    sync_mode text not null check (sync_mode in ('managed', 'task_mirrored', 'group_mirrored')),
    status text not null check (status in (
        'queued', 'running', 'waiting', 'blocked', 'succeeded', 'failed', 'cancelled', 'lost'
    )),
    revision integer not null check (revision >= 0),
    cancel_requested_at integer,
    created_at integer not null,
    ended_at integer,
    record text not null,
    constraint ended_at_is_set_at_an_end check (
        case status
            when 'blocked' then ended_at is null or sync_mode <> 'managed'
            else (status in ('succeeded', 'failed', 'cancelled', 'lost')) = (ended_at is not null)
        end
    )
) strict, without rowid;

-- One live flow per owner and key: the check of each unit (flow_live_key.sql).
create unique index flow_live_key on flow (key, owner_key)
    where key is not null and ended_at is null;
-- A flow by its key, newest first: flow_find_key.sql.
create index flow_by_key on flow (key, flow_id) where key is not null;
-- Lists and counts of all flows: flow_list.sql, flow_count.sql; parts of ids: flow_find_part.sql.
create index flow_by_status on flow (status, flow_id, created_at, ended_at);
-- Lists and counts of one owner: flow_list_owner.sql, flow_count_owner.sql, flow_find_owner.sql.
create index flow_by_owner on flow (owner_key, status, flow_id, created_at, ended_at);
-- Cancels under way: work_cancelling.sql, flow_count_cancelling.sql.
create index flow_cancelling on flow (flow_id, owner_key, cancel_requested_at, ended_at)
    where cancel_requested_at is not null and ended_at is null;

create table spec (
    flow_id text not null primary key references flow (flow_id),
    definition_hash text not null references definition (hash),
    record text not null
) strict;

-- Definitions that nobody uses any more: definition_purge.sql.
create index spec_by_definition on spec (definition_hash);

create table step (
    flow_id text not null references flow (flow_id),
    step_id text not null,
    version integer not null check (version >= 0),
    status text not null check (status in (
        'pending', 'starting', 'running', 'retrying', 'waiting', 'in_doubt',
        'succeeded', 'failed', 'skipped', 'cancelled'
    )),
    due_at integer,
    ended_at integer,
    record text not null,
    -- Up to 16 MiB, so it is the last column: lists stop before it.
    result text,
    primary key (flow_id, step_id),
    constraint ended_at_is_set_at_an_end check (
        (status in ('succeeded', 'failed', 'skipped', 'cancelled')) = (ended_at is not null)
    ),
    constraint retrying_is_due check (status <> 'retrying' or due_at is not null)
) strict, without rowid;

-- Retries by time: due_steps.sql, next_due.sql.
create index step_due on step (due_at, flow_id, step_id, status) where status = 'retrying';

create table task (
    task_id text not null primary key check (task_id <> ''),
    parent_flow_id text references flow (flow_id),
    owner_key text not null,
    run_id text,
    child_session_key text,
    runtime text not null check (runtime in ('cli', 'acp', 'subagent', 'cron', 'external')),
    version integer not null check (version >= 0),
    fence integer not null check (fence >= 0),
    status text not null check (status in (
        'queued', 'running', 'succeeded', 'failed', 'timed_out', 'cancelled', 'lost'
    )),
    created_at integer not null,
    ended_at integer,
    record text not null,
    constraint ended_at_is_set_at_an_end check (
        (status in ('queued', 'running')) = (ended_at is null)
    )
) strict, without rowid;

-- What there is to do: work_tasks.sql, task_list_open.sql; of a flow: task_open_of_flow.sql,
-- task_counts.sql.
create index task_open on task (parent_flow_id, task_id, status, ended_at)
    where ended_at is null;
-- All tasks of a flow: task_list_flow.sql, task_counts.sql, and deletion with the flow.
create index task_by_flow on task (parent_flow_id, task_id) where parent_flow_id is not null;
-- Tasks of an owner: task_list_owner.sql, task_find_session.sql.
create index task_by_owner on task (owner_key, task_id);
-- Tasks that ended badly, which are few: task_list_bad.sql.
create index task_bad on task (status, task_id)
    where status in ('failed', 'timed_out', 'cancelled', 'lost');
-- Tasks of a run: task_find_run.sql.
create index task_by_run on task (run_id, task_id) where run_id is not null;
-- The newest task of a session: task_find_session.sql.
create index task_by_session on task (child_session_key, task_id)
    where child_session_key is not null;

create table wait (
    wait_id text not null primary key check (wait_id <> ''),
    flow_id text not null references flow (flow_id),
    version integer not null check (version >= 0),
    kind text not null check (kind in (
        'task', 'timer', 'event', 'approval', 'input', 'flow', 'in_doubt'
    )),
    state text not null check (state in ('open', 'resolved', 'expired', 'cancelled')),
    due_at integer,
    created_at integer not null,
    closed_at integer,
    record text not null,
    constraint closed_at_is_set_when_closed check ((state = 'open') = (closed_at is null))
) strict, without rowid;

-- Waits of a flow: wait_of_flow.sql, wait_open_of_flow.sql, and deletion with the flow.
create index wait_by_flow on wait (flow_id, wait_id);
-- Deadlines by time: due_waits.sql, next_due.sql.
create index wait_due on wait (due_at, flow_id, wait_id, state)
    where state = 'open' and due_at is not null;

-- One writer for ever, whoever holds the lock, so its seq alone is the place in the feed.
create table event (
    seq integer not null primary key check (seq > 0),
    subject text not null,
    number integer not null check (number > 0),
    at integer not null,
    kind text not null,
    step_id text,
    task_id text,
    data text,
    owner_key text not null,
    actor text,
    unique (subject, number)
) strict;
