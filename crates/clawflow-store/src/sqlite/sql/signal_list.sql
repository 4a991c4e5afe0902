select record from signal where signal_id > ?1 order by signal_id limit ?2
