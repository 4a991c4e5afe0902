-- An id begins with its time: what was made after ?3 cannot have ended before ?4.
select flow_id from flow indexed by flow_by_status
where status = ?1 and flow_id > ?2 and flow_id < ?3 and ended_at < ?4
    and (?6 is null or owner_key glob ?6)
    and (?7 is null or not exists (
        select 1 from json_each(?7) as spared where flow.owner_key glob spared.value
    ))
    and not exists (
        select 1 from delivery indexed by delivery_by_flow
        where delivery.flow_id = flow.flow_id and delivery.flow_id is not null
            and delivery.state = 'pending'
    )
    and not exists (
        select 1 from task indexed by task_open
        where task.parent_flow_id = flow.flow_id and task.ended_at is null
    )
    and not exists (
        select 1 from flow as child indexed by flow_by_parent
        where child.parent_flow_id = flow.flow_id and child.parent_flow_id is not null
            and child.ended_at is null
    )
    and not exists (
        select 1 from flow as parent
        where parent.flow_id = flow.parent_flow_id and parent.ended_at is null
    )
order by flow_id limit ?5
