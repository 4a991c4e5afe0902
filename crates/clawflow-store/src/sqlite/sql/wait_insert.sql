insert into wait (
    wait_id, version, kind, state, due_at, closed_at, record, flow_id, created_at, target,
    event_key, owner_key
) values (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
    (select owner_key from flow where flow_id = ?8)
)
