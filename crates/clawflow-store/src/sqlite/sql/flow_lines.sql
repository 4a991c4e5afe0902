select owner_key, key from flow indexed by flow_in_line
where in_line_since is not null and ended_at is null
group by owner_key, key order by owner_key, key
