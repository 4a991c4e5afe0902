select max(flow_id) from flow indexed by flow_by_key where key = ?1 and key is not null
