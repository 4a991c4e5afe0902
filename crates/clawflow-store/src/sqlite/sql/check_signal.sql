select 1 from signal where signal_id = ?1
