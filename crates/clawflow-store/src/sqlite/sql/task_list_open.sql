select record from task indexed by task_open
where ended_at is null and status = ?1 and task_id < ?2 and created_at >= ?3
order by task_id desc limit ?4
