select record from task indexed by task_in_queues
where status = ?1 and queue is not null and ended_at is null
order by queue, task_id
