select exists (select 1 from flow indexed by flow_by_retry_of where retry_of = ?1)
