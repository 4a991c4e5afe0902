select version, owner_key is ?2 and created_at is ?3 from schedule where schedule_id = ?1
