select count(*) from flow indexed by flow_by_owner where owner_key = ?1 and status = ?2
