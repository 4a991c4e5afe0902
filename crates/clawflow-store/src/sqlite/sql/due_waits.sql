select wait.due_at, wait.flow_id, wait.wait_id
from wait indexed by wait_due cross join flow on flow.flow_id = wait.flow_id
where wait.state = 'open' and wait.due_at is not null and wait.due_at <= ?1
    and flow.ended_at is null
order by wait.due_at, wait.flow_id, wait.wait_id limit ?2
