-- A scan, but they are few; nothing else finds the middle of a word.
select record from schedule
where instr(schedule_id, ?1) > 0 and (?3 is null or owner_key = ?3)
order by schedule_id desc limit ?2
