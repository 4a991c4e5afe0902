select record from task indexed by task_by_run
where run_id = ?1 and run_id is not null order by runtime = 'cli', task_id limit ?2
