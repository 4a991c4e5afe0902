select record from task indexed by task_bad
where status = ?10 and status in ('failed', 'timed_out', 'cancelled', 'lost')
    and task_id < ?2 and task_id >= ?9 and created_at >= ?3
    and (?1 = '' or instr(?1, ' ' || status || ' ') > 0)
    and (?8 = '' or instr(?8, ' ' || runtime || ' ') > 0)
    and (?5 is null or owner_key = ?5) and (?6 is null or parent_flow_id = ?6)
    and (?7 is null or label = ?7)
order by task_id desc limit ?4
