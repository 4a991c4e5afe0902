delete from run where run_id = ?1 and ended_at is not null
