select record from run indexed by run_open
where schedule_id = ?1 and ended_at is null order by run_id
