select definition_hash from schedule where schedule_id = ?1
