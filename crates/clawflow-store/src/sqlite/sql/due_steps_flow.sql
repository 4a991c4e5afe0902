select step.due_at, step.flow_id, step.step_id
from flow cross join step on step.flow_id = flow.flow_id
where flow.flow_id = ?3 and flow.ended_at is null
    and step.status = 'retrying' and step.due_at <= ?1
order by step.due_at, step.step_id limit ?2
