select status, count(*) from flow indexed by flow_by_status group by status
