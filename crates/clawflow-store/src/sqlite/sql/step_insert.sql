insert into step (flow_id, step_id, version, status, due_at, ended_at, record, result, stdout)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
