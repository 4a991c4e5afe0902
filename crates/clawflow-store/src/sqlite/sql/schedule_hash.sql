select definition_hash, files_hash from schedule where schedule_id = ?1
