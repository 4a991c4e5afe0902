select flow_id from flow indexed by flow_by_parent
where parent_flow_id = ?6 and parent_flow_id is not null and flow_id < ?2 and created_at >= ?3
    and (ended_at is null or ended_at >= ?4)
    and (?1 = '' or instr(?1, ' ' || status || ' ') > 0)
    and (?7 is null or owner_key = ?7)
order by flow_id desc limit ?5
