select coalesce(
    (select flow_id from flow where key = ?2 and owner_key = ?1 and key is not null
        and ended_at is null and in_line_since is null),
    (select max(flow_id) from flow indexed by flow_by_key
        where key = ?2 and key is not null and owner_key = ?1)
)
