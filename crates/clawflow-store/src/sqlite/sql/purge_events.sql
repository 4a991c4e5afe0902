delete from event where subject = ?1
