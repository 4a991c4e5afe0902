select record from run indexed by run_by_start
where schedule_id = ?1 and started_at < ?2 and (started_at, run_id) > (?3, ?4)
order by started_at, run_id limit ?5
