select coalesce(last_event_at, ended_at, created_at, 0) from task_runs where task_id = ?1
