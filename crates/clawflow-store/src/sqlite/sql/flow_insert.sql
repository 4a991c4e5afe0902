insert into flow (
    flow_id, status, revision, cancel_requested_at, ended_at, record,
    in_line_since, owner_key, key, sync_mode, created_at, parent_flow_id, retry_of
) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
