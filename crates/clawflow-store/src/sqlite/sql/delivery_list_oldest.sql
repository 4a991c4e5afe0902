select delivery_id from delivery indexed by delivery_by_state
where state = ?1 and delivery_id > ?2 and (?3 is null or route = ?3)
order by delivery_id limit ?4
