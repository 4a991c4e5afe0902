select record, result, stdout, stdout_lz4 from step where flow_id = ?1
