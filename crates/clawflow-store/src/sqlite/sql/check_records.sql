-- Columns and record of a row must tell the same.
select 'flow ' || flow_id from flow
where record ->> '$.status' is not status or record ->> '$.revision' is not revision
    or record ->> '$.endedAt' is not ended_at or record ->> '$.key' is not key
    or record ->> '$.retryOf' is not retry_of
union all
select 'step ' || step_id || ' of flow ' || flow_id from step
where record ->> '$.status' is not status or record ->> '$.version' is not version
union all
select 'task ' || task_id from task
where record ->> '$.status' is not status or record ->> '$.version' is not version
    or record ->> '$.fence' is not fence or record ->> '$.label' is not label
    or coalesce(record ->> '$.reported', 0) is not reported
union all
select 'wait ' || wait_id from wait
where record ->> '$.state' is not state or record ->> '$.version' is not version
    or record ->> '$.target' is not target or record ->> '$.eventKey' is not event_key
    or owner_key is not (select owner_key from flow where flow.flow_id = wait.flow_id)
union all
select 'delivery ' || delivery_id from delivery
where record ->> '$.state' is not state or record ->> '$.version' is not version
    or record ->> '$.dueAt' is not due_at or record ->> '$.ownerKey' is not owner_key
    or record ->> '$.flowId' is not flow_id or record ->> '$.route' is not route
    or (place is null and route = 'inbox' and state = 'session_queued')
union all
select 'signal ' || signal_id from signal
where record ->> '$.ownerKey' is not owner_key or record ->> '$.name' is not name
    or record ->> '$.key' is not key
union all
select 'token ' || token_id from token
where record ->> '$.version' is not version or record ->> '$.hash' is not hash
    or record ->> '$.ownerKey' is not owner_key
union all
select 'schedule ' || schedule_id from schedule
where record ->> '$.version' is not version or record ->> '$.name' is not name
    or record ->> '$.enabled' is not enabled or record ->> '$.nextAt' is not next_at
    or record ->> '$.payload.definitionHash' is not definition_hash
    or record ->> '$.payload.filesHash' is not files_hash
    or (record ->> '$.payload.kind' = 'mirror') is not mirrors
    or record ->> '$.ownerKey' is not owner_key
union all
select 'run ' || run_id from run
where record ->> '$.version' is not version or record ->> '$.status' is not status
    or record ->> '$.startedAt' is not started_at
    or record ->> '$.slot' is not slot or record ->> '$.dueAt' is not due_at
    or record ->> '$.endedAt' is not ended_at or record ->> '$.taskId' is not task_id
    or record ->> '$.flowId' is not flow_id or record ->> '$.scheduleId' is not schedule_id
