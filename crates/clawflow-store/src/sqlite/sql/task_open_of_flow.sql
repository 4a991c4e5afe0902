select record from task indexed by task_open
where parent_flow_id = ?1 and ended_at is null order by task_id
