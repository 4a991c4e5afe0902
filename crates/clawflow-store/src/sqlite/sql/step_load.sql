select record, result from step where flow_id = ?1
