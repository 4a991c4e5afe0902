update wait set version = ?2, kind = ?3, state = ?4, due_at = ?5, closed_at = ?6, record = ?7,
    created_at = ?8, target = ?9, event_key = ?10
where wait_id = ?1
