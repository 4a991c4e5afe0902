select seq, subject, number, at, kind, step_id, task_id, data, owner_key, actor from event
indexed by event_by_owner
where owner_key = ?3 and seq > ?1 order by seq limit ?2
