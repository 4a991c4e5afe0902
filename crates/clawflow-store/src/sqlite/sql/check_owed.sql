select delivery_id from delivery indexed by delivery_by_flow
where flow_id = ?1 and flow_id is not null and state = 'pending'
