select flow_id from flow
where key = ?1 and key is not null and ended_at is null and in_line_since is null
order by flow_id desc limit ?2
