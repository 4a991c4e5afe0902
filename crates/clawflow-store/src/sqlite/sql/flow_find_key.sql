select flow_id from flow indexed by flow_by_key
where key = ?1 and key is not null order by flow_id desc limit 1
