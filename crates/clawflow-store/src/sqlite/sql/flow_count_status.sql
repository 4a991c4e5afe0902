select count(*) from flow indexed by flow_by_status where status = ?1
