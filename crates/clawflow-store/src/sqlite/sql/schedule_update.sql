update schedule set name = ?2, version = ?3, enabled = ?4, next_at = ?5, definition_hash = ?6,
    record = ?7, files_hash = ?8, mirrors = ?9
where schedule_id = ?1
