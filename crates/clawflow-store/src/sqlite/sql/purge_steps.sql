delete from step where flow_id = ?1
