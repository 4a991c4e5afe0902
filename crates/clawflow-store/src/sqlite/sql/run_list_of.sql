select record from run indexed by run_by_schedule
where schedule_id = ?5 and run_id < ?1 and (?2 is null or owner_key = ?2)
    and instr(?4, ' ' || status || ' ') > 0
order by run_id desc limit ?3
