select record from run indexed by run_open_all
where run_id > ?1 and ended_at is null order by run_id limit ?2
