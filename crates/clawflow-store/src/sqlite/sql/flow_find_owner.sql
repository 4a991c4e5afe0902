select flow_id, ended_at is null as live from flow indexed by flow_by_owner
where owner_key = ?1 order by live desc, flow_id desc limit 1
