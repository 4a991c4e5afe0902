delete from run where schedule_id = ?1
