select record from flow where flow_id = ?1
