update run set version = ?2, status = ?3, task_id = ?4, flow_id = ?5, due_at = ?6, ended_at = ?7,
    record = ?8, started_at = ?9
where run_id = ?1
