update flow set status = ?2, revision = ?3, cancel_requested_at = ?4, ended_at = ?5, record = ?6,
    in_line_since = ?7
where flow_id = ?1
