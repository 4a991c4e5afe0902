select seq, subject, number, at, kind, step_id, task_id, data, owner_key, actor from event
where subject = ?3 and number > ?1 and (?4 is null or owner_key = ?4) order by number limit ?2
