select record, place from delivery indexed by delivery_message
where owner_key = ?1 and idempotency_key = ?2 order by route, route_name
