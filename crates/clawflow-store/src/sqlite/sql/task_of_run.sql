select record from task indexed by task_by_run
where run_id = ?4 and run_id is not null and parent_flow_id = ?2 and owner_key = ?1
    and runtime = ?3
order by task_id limit 1
