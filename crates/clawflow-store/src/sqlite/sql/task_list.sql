select record from task
where task_id < ?2 and created_at >= ?3 and (?1 = '' or instr(?1, ' ' || status || ' ') > 0)
order by task_id desc limit ?4
