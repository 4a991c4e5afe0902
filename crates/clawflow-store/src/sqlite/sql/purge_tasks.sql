delete from task where parent_flow_id = ?1 and parent_flow_id is not null
