select task_id, status, parent_flow_id from task indexed by task_open
where ended_at is null and not reported
order by task_id
