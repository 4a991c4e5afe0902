select record from run where run_id = ?1
