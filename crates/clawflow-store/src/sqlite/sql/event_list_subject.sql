select seq, subject, number, at, kind, step_id, task_id, data, owner_key, actor from event
where subject = ?3 and number > ?1 order by number limit ?2
