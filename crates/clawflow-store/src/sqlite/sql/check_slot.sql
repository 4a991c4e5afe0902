select 1 from run where schedule_id = ?1 and slot = ?2
