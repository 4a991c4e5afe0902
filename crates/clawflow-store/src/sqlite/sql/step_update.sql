update step set version = ?3, status = ?4, due_at = ?5, ended_at = ?6, record = ?7, result = ?8,
    stdout = ?9, stdout_lz4 = ?10
where flow_id = ?1 and step_id = ?2
