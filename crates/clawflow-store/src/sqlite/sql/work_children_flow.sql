select record from wait indexed by wait_for_flow
where kind = 'flow' and state = 'open' and flow_id = ?1
order by wait_id
