select coalesce(max(number), 0) from event where subject = ?1
