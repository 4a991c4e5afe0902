update task set run_id = ?2, child_session_key = ?3, runtime = ?4, version = ?5, fence = ?6,
    status = ?7, ended_at = ?8, record = ?9, reported = ?10, started_at = ?11
where task_id = ?1
