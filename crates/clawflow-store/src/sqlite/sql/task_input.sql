select text from task_input where task_id = ?1
