-- Columns and record of a row must tell the same.
select 'flow ' || flow_id from flow
where record ->> '$.status' is not status or record ->> '$.revision' is not revision
    or record ->> '$.endedAt' is not ended_at or record ->> '$.key' is not key
union all
select 'step ' || step_id || ' of flow ' || flow_id from step
where record ->> '$.status' is not status or record ->> '$.version' is not version
union all
select 'task ' || task_id from task
where record ->> '$.status' is not status or record ->> '$.version' is not version
    or record ->> '$.fence' is not fence
union all
select 'wait ' || wait_id from wait
where record ->> '$.state' is not state or record ->> '$.version' is not version
