-- As flow_ended.sql, for tasks without a flow.
select task_id, record ->> '$.executor.bootId', fence from task indexed by task_alone
where parent_flow_id is null and ended_at is not null
    and status = ?1 and task_id > ?2 and task_id < ?3 and ended_at < ?4
    and (?6 is null or owner_key glob ?6)
    and (?7 is null or not exists (
        select 1 from json_each(?7) as spared where task.owner_key glob spared.value
    ))
    and not exists (
        select 1 from delivery indexed by delivery_by_task
        where delivery.task_id = task.task_id and delivery.task_id is not null
            and delivery.state = 'pending'
    )
order by task_id limit ?5
