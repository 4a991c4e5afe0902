select record from run
where run_id < ?1 and (?2 is null or owner_key = ?2) and instr(?4, ' ' || status || ' ') > 0
order by run_id desc limit ?3
