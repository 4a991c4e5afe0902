delete from task
where task_id = ?1 and parent_flow_id is null and ended_at is not null
    and not exists (
        select 1 from delivery indexed by delivery_by_task
        where delivery.task_id = ?1 and delivery.task_id is not null and delivery.state = 'pending'
    )
