select 1 from delivery
where owner_key = ?1 and idempotency_key = ?2 and route = ?3 and route_name = ?4
