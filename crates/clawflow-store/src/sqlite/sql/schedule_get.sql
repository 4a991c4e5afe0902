select record from schedule where schedule_id = ?1
