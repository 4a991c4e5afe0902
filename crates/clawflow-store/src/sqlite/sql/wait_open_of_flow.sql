select record from wait indexed by wait_by_flow
where flow_id = ?1 and state = 'open' order by wait_id
