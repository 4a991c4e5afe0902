select record from run indexed by run_slot
where schedule_id = ?1 and slot <= ?2 and flow_id is not null
order by slot desc limit 1
