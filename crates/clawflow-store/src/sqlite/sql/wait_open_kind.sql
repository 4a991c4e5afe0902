select wait.record, wait.owner_key
from wait indexed by wait_open cross join flow on flow.flow_id = wait.flow_id
where wait.state = 'open' and wait.kind = ?1 and wait.wait_id > ?2 and flow.ended_at is null
order by wait.wait_id limit ?3
