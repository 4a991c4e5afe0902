select status, count(*) from flow indexed by flow_by_owner where owner_key = ?1 group by status
