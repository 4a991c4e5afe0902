select record from task indexed by task_by_owner
where owner_key = ?5 and task_id < ?2 and created_at >= ?3
    and (?1 = '' or instr(?1, ' ' || status || ' ') > 0)
order by task_id desc limit ?4
