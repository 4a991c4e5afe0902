select started_at from task indexed by task_starts
where queue = ?1 and queue is not null and started_at is not null and started_at > ?2
order by started_at desc limit ?3
