select record from wait where wait_id = ?1
