select wait.record from wait indexed by wait_on_task
    cross join flow on flow.flow_id = wait.flow_id
where wait.kind = 'task' and wait.state = 'open' and wait.target = ?1 and flow.ended_at is null
order by wait.wait_id
