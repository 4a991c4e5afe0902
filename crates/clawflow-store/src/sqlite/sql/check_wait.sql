select version, flow_id = ?2 from wait where wait_id = ?1
