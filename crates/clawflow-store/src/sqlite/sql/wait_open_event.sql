-- Those of one key, or of any: null.
select wait.record from wait indexed by wait_open_event
    cross join flow on flow.flow_id = wait.flow_id
where wait.kind = 'event' and wait.state = 'open' and wait.owner_key = ?1 and wait.target = ?2
    and wait.event_key is ?3 and (?4 is null or wait.flow_id = ?4) and flow.ended_at is null
order by wait.wait_id
