select version from step where flow_id = ?1 and step_id = ?2
