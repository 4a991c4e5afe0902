select record from task indexed by task_by_run
where run_id = ?1 and run_id is not null and (?3 is null or owner_key = ?3)
order by runtime = 'cli', task_id limit ?2
