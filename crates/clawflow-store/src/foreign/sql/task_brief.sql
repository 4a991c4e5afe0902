select created_at from task_runs where task_id = ?1
