select record from task indexed by task_bad
where status = ?1 and status in ('failed', 'timed_out', 'cancelled', 'lost')
    and task_id < ?2 and created_at >= ?3
order by task_id desc limit ?4
