select record from task indexed by task_by_flow
where parent_flow_id = ?5 and parent_flow_id is not null and task_id < ?2 and created_at >= ?3
    and (?1 = '' or instr(?1, ' ' || status || ' ') > 0)
    and (?6 is null or owner_key = ?6)
order by task_id desc limit ?4
