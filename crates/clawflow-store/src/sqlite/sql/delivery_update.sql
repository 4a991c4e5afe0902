update delivery set version = ?2, state = ?3, due_at = ?4, closed_at = ?5, record = ?6
where delivery_id = ?1
