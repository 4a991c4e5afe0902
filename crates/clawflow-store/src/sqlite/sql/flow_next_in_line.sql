select min(flow_id) from flow indexed by flow_in_line
where owner_key = ?1 and key = ?2 and in_line_since is not null and ended_at is null
