-- A scan, but of an index only; nothing else finds the middle of a word.
select task_id from task indexed by task_by_owner
where instr(task_id, ?1) > 0 and (?3 is null or owner_key = ?3) order by task_id desc limit ?2
