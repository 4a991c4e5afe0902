delete from delivery where delivery_id in (
    select delivery_id from delivery indexed by delivery_closed
    where closed_at is not null and closed_at < ?1
        and not exists (select 1 from flow where flow.flow_id = delivery.flow_id)
        and not exists (select 1 from task where task.task_id = delivery.task_id)
    limit ?2
)
