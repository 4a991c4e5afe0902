select record, result, stdout from step where flow_id = ?1
