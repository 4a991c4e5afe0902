select delivery_id from delivery indexed by delivery_by_task
where task_id = ?1 and task_id is not null order by delivery_id
