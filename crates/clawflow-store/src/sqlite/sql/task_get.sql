select record from task where task_id = ?1
