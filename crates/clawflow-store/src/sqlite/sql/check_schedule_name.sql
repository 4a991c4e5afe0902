select schedule_id from schedule where name = ?2 and owner_key = ?1
