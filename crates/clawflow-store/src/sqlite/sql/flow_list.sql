select flow_id from flow indexed by flow_by_status
where status = ?1 and flow_id < ?2 and created_at >= ?3
    and (ended_at is null or ended_at >= ?4)
order by flow_id desc limit ?5
