select step.due_at, step.flow_id, step.step_id
from step indexed by step_due cross join flow on flow.flow_id = step.flow_id
where step.status = 'retrying' and step.due_at <= ?1 and flow.ended_at is null
order by step.due_at, step.flow_id, step.step_id limit ?2
