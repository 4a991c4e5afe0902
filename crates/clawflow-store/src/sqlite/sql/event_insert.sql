insert into event (seq, subject, number, at, kind, step_id, task_id, data, owner_key, actor)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
