-- Whether anything holds it: the cheap questions first, and no other once one says so.
select flow.record,
    case when exists (
        select 1 from task indexed by task_open
        where task.parent_flow_id = flow.flow_id and task.ended_at is null
    ) then 1
    when exists (
        select 1 from wait indexed by wait_by_flow
        where wait.flow_id = flow.flow_id and wait.state = 'open'
    ) then 1
    when exists (
        select 1 from flow as child indexed by flow_by_parent
        where child.parent_flow_id = flow.flow_id and child.parent_flow_id is not null
            and child.ended_at is null
    ) then 1
    else exists (
        select 1 from step where step.flow_id = flow.flow_id and step.status = 'retrying'
    ) end
from flow indexed by flow_by_status
where flow.status = ?1 and flow.flow_id > ?2 and flow.flow_id < ?3 and flow.ended_at is null
order by flow.flow_id limit ?4
