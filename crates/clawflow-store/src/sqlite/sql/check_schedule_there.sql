select 1 from schedule where schedule_id = ?1
