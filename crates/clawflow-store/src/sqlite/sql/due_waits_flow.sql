select wait.due_at, wait.flow_id, wait.wait_id
from flow cross join wait indexed by wait_by_flow on wait.flow_id = flow.flow_id
where flow.flow_id = ?3 and flow.ended_at is null
    and wait.state = 'open' and wait.due_at <= ?1
order by wait.due_at, wait.wait_id limit ?2
