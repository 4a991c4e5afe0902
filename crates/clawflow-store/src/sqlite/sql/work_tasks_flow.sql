select task_id, status, parent_flow_id from task indexed by task_open
where ended_at is null and not reported and parent_flow_id = ?1
order by task_id
