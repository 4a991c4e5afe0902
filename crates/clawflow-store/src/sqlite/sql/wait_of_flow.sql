select record from wait indexed by wait_by_flow where flow_id = ?1 order by created_at, wait_id
