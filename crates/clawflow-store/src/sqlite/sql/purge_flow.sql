delete from flow where flow_id = ?1
