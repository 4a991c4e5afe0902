delete from wait where flow_id = ?1
