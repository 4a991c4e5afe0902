select seq, subject, number, at, kind, step_id, task_id, data, owner_key, actor from event
where seq > ?1 order by seq limit ?2
