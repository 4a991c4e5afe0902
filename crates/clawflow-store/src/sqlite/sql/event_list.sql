select seq, subject, number, at, kind, step_id, task_id, data from event
where seq > ?1 order by seq limit ?2
