select 1 from spec where flow_id = ?1
