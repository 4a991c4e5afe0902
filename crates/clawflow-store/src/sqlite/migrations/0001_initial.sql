-- The ledger. Columns are what is queried or constrained; `record` is the whole row as JSON.
-- Times are milliseconds since 1970. A partial index has the columns of its condition too: without
-- them SQLite would look into the table for each row. Whose rows may be long has a rowid: without one
-- a search reads the whole of each row that it passes (decision 0033). A migration is never edited
-- once released.

create table meta (
    name text not null primary key,
    value integer not null
) strict, without rowid;

-- epoch: the newest gateway epoch. seq: the newest event's seq when events were last deleted.
-- place: the newest place that was given in the inboxes.
insert into meta (name, value) values ('epoch', 0), ('seq', 0), ('place', 0);

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
    retry_of text,
    -- No reference: a child that has ended outlives its parent.
    parent_flow_id text,
    created_at integer not null,
    ended_at integer,
    -- Since when it waits for another flow to give its key up.
    in_line_since integer,
    record text not null,
    constraint ended_at_is_set_at_an_end check (
        case status
            when 'blocked' then ended_at is null or sync_mode <> 'managed'
            else (status in ('succeeded', 'failed', 'cancelled', 'lost')) = (ended_at is not null)
        end
    )
) strict;

-- One live flow per owner and key: the check of each unit (flow_live_key.sql).
create unique index flow_live_key on flow (key, owner_key)
    where key is not null and ended_at is null and in_line_since is null;
-- Who waits for a key: flow_next_in_line.sql, flow_lines.sql.
create index flow_in_line on flow (owner_key, key, flow_id, in_line_since, ended_at)
    where in_line_since is not null and ended_at is null;
-- The newest flow with a key: flow_find_key.sql, flow_of_key.sql.
create index flow_by_key on flow (key, owner_key, flow_id) where key is not null;
-- Lists and counts of all flows: flow_list.sql, flow_count.sql; parts of ids: flow_find_part.sql.
create index flow_by_status on flow (status, flow_id, created_at, ended_at);
-- Lists and counts of one owner: flow_list_owner.sql, flow_count_owner.sql, flow_find_owner.sql.
create index flow_by_owner on flow (owner_key, status, flow_id, created_at, ended_at);
-- Child flows: flow_list_parent.sql.
create index flow_by_parent on flow (parent_flow_id, flow_id) where parent_flow_id is not null;
-- Cancels under way: flow_count_cancelling.sql.
create index flow_cancelling on flow (flow_id, owner_key, cancel_requested_at, ended_at)
    where cancel_requested_at is not null and ended_at is null;
-- Whether a flow was tried again: flow_retried.sql.
create index flow_by_retry_of on flow (retry_of) where retry_of is not null;

create table spec (
    flow_id text not null primary key references flow (flow_id),
    definition_hash text not null references definition (hash),
    -- The files that it names as child flows, kept as one definition.
    files_hash text references definition (hash),
    record text not null
) strict;

-- Definitions that nobody uses any more: definition_purge.sql.
create index spec_by_definition on spec (definition_hash);
create index spec_by_files on spec (files_hash) where files_hash is not null;

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
) strict;

-- Retries by time: due_steps.sql, next_due.sql.
create index step_due on step (due_at, flow_id, step_id, status) where status = 'retrying';

create table task (
    task_id text not null primary key check (task_id <> ''),
    parent_flow_id text references flow (flow_id),
    owner_key text not null,
    run_id text,
    label text,
    child_session_key text,
    runtime text not null check (runtime in ('cli', 'acp', 'subagent', 'cron', 'external')),
    version integer not null check (version >= 0),
    fence integer not null check (fence >= 0),
    -- Whether its caller runs it.
    reported integer not null check (reported in (0, 1)),
    status text not null check (status in (
        'queued', 'running', 'succeeded', 'failed', 'timed_out', 'cancelled', 'lost'
    )),
    created_at integer not null,
    started_at integer,
    ended_at integer,
    queue text,
    record text not null,
    constraint ended_at_is_set_at_an_end check (
        (status in ('queued', 'running')) = (ended_at is null)
    )
) strict;

-- What there is to do: work_tasks.sql, task_list_open.sql; of a flow: task_open_of_flow.sql,
-- task_counts.sql.
create index task_open on task (parent_flow_id, task_id, status, reported, ended_at)
    where ended_at is null;
-- All tasks of a flow: task_list_flow.sql, task_counts.sql, task_count_by.sql, and deletion with
-- the flow.
create index task_by_flow on task (parent_flow_id, task_id) where parent_flow_id is not null;
-- Tasks of an owner: task_list_owner.sql, task_find_session.sql.
create index task_by_owner on task (owner_key, task_id);
-- What is open in queues: task_in_queues.sql.
create index task_in_queues on task (status, queue, task_id, ended_at)
    where queue is not null and ended_at is null;
-- When attempts of a queue have started: queue_starts.sql.
create index task_starts on task (queue, started_at)
    where queue is not null and started_at is not null;
-- Tasks that ended badly, which are few: task_list_bad.sql.
create index task_bad on task (status, task_id)
    where status in ('failed', 'timed_out', 'cancelled', 'lost');
-- The same of an owner: task_list_bad_owner.sql.
create index task_bad_of_owner on task (owner_key, status, task_id)
    where status in ('failed', 'timed_out', 'cancelled', 'lost');
-- Tasks on a runtime, which may be few among many: task_list_runtime.sql.
create index task_by_runtime on task (runtime, task_id);
-- Tasks with a label: task_list_label.sql. Those of steps have none.
create index task_by_label on task (label, task_id) where label is not null;
-- Tasks without a flow that have ended, by age: task_ended.sql.
create index task_alone on task (status, task_id, ended_at, parent_flow_id)
    where parent_flow_id is null and ended_at is not null;
-- Tasks of a run: task_find_run.sql, task_of_run.sql.
create index task_by_run on task (run_id, task_id) where run_id is not null;
-- The newest task of a session: task_find_session.sql.
create index task_by_session on task (child_session_key, task_id)
    where child_session_key is not null;

-- What a task reads, up to 4 MiB: beside its row, which each line of progress writes anew.
create table task_input (
    task_id text not null primary key references task (task_id) on delete cascade,
    text text not null
) strict;

create table wait (
    wait_id text not null primary key check (wait_id <> ''),
    flow_id text not null references flow (flow_id),
    -- The flow's, which never changes.
    owner_key text not null,
    version integer not null check (version >= 0),
    kind text not null check (kind in (
        'task', 'timer', 'event', 'approval', 'input', 'flow', 'permission', 'in_doubt', 'budget'
    )),
    target text,
    event_key text,
    state text not null check (state in ('open', 'resolved', 'expired', 'cancelled')),
    due_at integer,
    created_at integer not null,
    closed_at integer,
    record text not null,
    constraint closed_at_is_set_when_closed check ((state = 'open') = (closed_at is null))
) strict;

-- Waits of a flow: wait_of_flow.sql, wait_open_of_flow.sql, and deletion with the flow.
create index wait_by_flow on wait (flow_id, wait_id);
-- Deadlines by time: due_waits.sql, next_due.sql.
create index wait_due on wait (due_at, flow_id, wait_id, state)
    where state = 'open' and due_at is not null;
-- Who waits for a child flow: work_children.sql, work_children_flow.sql.
create index wait_for_flow on wait (flow_id, wait_id, kind, state)
    where kind = 'flow' and state = 'open';
-- Open waits of a kind: wait_open_kind.sql.
create index wait_open on wait (kind, wait_id, flow_id, state) where state = 'open';
-- Who waits for an event: wait_open_event.sql.
create index wait_open_event on wait (
    owner_key, target, event_key, wait_id, flow_id, kind, state
) where kind = 'event' and state = 'open';

-- What is owed to owners. Flow and task are no references: what lies in an inbox outlives them.
create table delivery (
    delivery_id text not null primary key check (delivery_id <> ''),
    owner_key text not null,
    flow_id text,
    task_id text,
    idempotency_key text not null,
    route text not null check (route in ('inbox', 'webhook', 'command')),
    route_name text not null,
    version integer not null check (version >= 0),
    state text not null check (state in (
        'pending', 'delivered', 'session_queued', 'acknowledged', 'failed', 'dismissed'
    )),
    due_at integer,
    created_at integer not null,
    closed_at integer,
    -- Given at each write that leaves it in an inbox, in the order of the writes.
    place integer,
    record text not null,
    constraint due_at_is_set_while_pending check ((state = 'pending') = (due_at is not null)),
    constraint closed_at_is_set_when_closed check (
        (state in ('acknowledged', 'failed', 'dismissed')) = (closed_at is not null)
    )
) strict;

-- One message per route: delivery_insert.sql, check_sent.sql.
create unique index delivery_message on delivery (owner_key, idempotency_key, route, route_name);
-- Lists of all: delivery_list.sql, delivery_list_oldest.sql.
create index delivery_by_state on delivery (state, delivery_id, route);
-- The inbox of an owner and of all, in the order in which it was filled: inbox_owner.sql, inbox.sql.
create index delivery_by_place_of_owner on delivery (owner_key, state, place, delivery_id)
    where place is not null;
create index delivery_by_place on delivery (state, place, delivery_id)
    where place is not null;
-- Lists of an owner: delivery_list_owner.sql, delivery_list_owner_oldest.sql.
create index delivery_by_owner on delivery (owner_key, state, delivery_id, route);
-- Deliveries of a flow: delivery_list_flow.sql, check_owed.sql, and deletion with the flow.
create index delivery_by_flow on delivery (flow_id, delivery_id, state)
    where flow_id is not null;
-- Deliveries of a task: delivery_list_task.sql.
create index delivery_by_task on delivery (task_id, delivery_id) where task_id is not null;
-- The next tries of each route by time: delivery_due.sql.
create index delivery_due on delivery (route_name, due_at, delivery_id, state)
    where state = 'pending';
-- What has outlived its flow and is closed: delivery_expire.sql.
create index delivery_closed on delivery (closed_at, flow_id, task_id, delivery_id)
    where closed_at is not null;

-- Signals that nobody has waited for yet: at most 1000 of an owner, as the engine sees to.
create table signal (
    signal_id text not null primary key check (signal_id <> ''),
    owner_key text not null,
    name text not null,
    key text,
    record text not null
) strict;

-- By name: signal_kept.sql; all of an owner: signal_oldest.sql, signal_count.sql.
create index signal_by_owner on signal (owner_key, name, signal_id, key);

create table token (
    token_id text not null primary key check (token_id <> ''),
    hash text not null unique check (hash <> ''),
    label text not null,
    owner_key text,
    version integer not null check (version >= 0),
    created_at integer not null,
    record text not null
) strict, without rowid;

-- By label: token_find.sql.
create index token_by_label on token (label, token_id);

-- What commands with an idempotency key came to.
create table outcome (
    owner_key text not null,
    key text not null,
    content_hash text not null,
    created_at integer not null,
    answer text not null,
    primary key (owner_key, key)
) strict;

-- What is kept no longer: outcome_expire.sql.
create index outcome_by_age on outcome (created_at);

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

-- The feed of an owner, by seq, which every index of a table with rowids ends with:
-- event_list_owner.sql.
create index event_by_owner on event (owner_key);

-- What time starts.
create table schedule (
    schedule_id text not null primary key check (schedule_id <> ''),
    owner_key text not null,
    name text not null check (name <> ''),
    version integer not null check (version >= 0),
    enabled integer not null check (enabled in (0, 1)),
    next_at integer,
    definition_hash text references definition (hash),
    -- The files that it names as child flows, kept as one definition.
    files_hash text references definition (hash),
    -- Whether it opens the windows of a group.
    mirrors integer not null check (mirrors in (0, 1)),
    created_at integer not null,
    record text not null,
    constraint next_at_is_set_while_enabled check (enabled = (next_at is not null))
) strict;

-- One schedule per owner and name: check_schedule_name.sql, schedule_named.sql.
create unique index schedule_by_name on schedule (name, owner_key);
-- Lists and counts of an owner: schedule_list_owner.sql, schedule_count.sql.
create index schedule_by_owner on schedule (owner_key, schedule_id, enabled);
-- What is due, by time: schedule_due.sql, schedule_next.sql.
create index schedule_due on schedule (next_at, schedule_id) where next_at is not null;
-- What groups watch: schedule_mirrors.sql.
create index schedule_mirrors on schedule (schedule_id, mirrors) where mirrors = 1;
-- Workflow files that nobody names any more: definition_purge.sql.
create index schedule_by_definition on schedule (definition_hash)
    where definition_hash is not null;
create index schedule_by_files on schedule (files_hash) where files_hash is not null;

-- The history of schedules. Task and flow are no references: it outlives them.
create table run (
    run_id text not null primary key check (run_id <> ''),
    schedule_id text not null references schedule (schedule_id),
    owner_key text not null,
    slot integer,
    version integer not null check (version >= 0),
    status text not null check (status in (
        'queued', 'running', 'retrying', 'succeeded', 'failed', 'timed_out', 'cancelled', 'lost',
        'skipped'
    )),
    task_id text,
    flow_id text,
    due_at integer,
    created_at integer not null,
    started_at integer,
    ended_at integer,
    record text not null,
    constraint ended_at_is_set_at_an_end check (
        (status in ('queued', 'running', 'retrying')) = (ended_at is null)
    ),
    constraint retrying_is_due check (status <> 'retrying' or due_at is not null),
    constraint what_ended_is_not_due check (ended_at is null or due_at is null)
) strict, without rowid;

-- A slot fires once: check_slot.sql. The window of a time: run_window.sql.
create unique index run_slot on run (schedule_id, slot) where slot is not null;
-- The history of one schedule: run_list_of.sql, run_drop.sql, run_surplus.sql.
create index run_by_schedule on run (schedule_id, run_id, ended_at);
-- What began in a window: run_started.sql.
create index run_by_start on run (schedule_id, started_at, run_id) where started_at is not null;
-- What goes on, of one schedule and of all: run_open_of.sql, run_open.sql.
create index run_open on run (schedule_id, run_id, ended_at) where ended_at is null;
create index run_open_all on run (run_id, ended_at) where ended_at is null;
-- Retries and limits by time: run_due.sql, schedule_next.sql.
create index run_due on run (due_at, run_id) where due_at is not null;
-- Whose end it is: run_of_work.sql.
create index run_by_task on run (task_id, ended_at) where task_id is not null and ended_at is null;
create index run_by_flow on run (flow_id, ended_at) where flow_id is not null and ended_at is null;
-- What is kept no longer: run_expire.sql.
create index run_ended on run (ended_at) where ended_at is not null;
