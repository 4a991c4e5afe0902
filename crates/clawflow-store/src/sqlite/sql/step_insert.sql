insert into step (flow_id, step_id, version, status, due_at, ended_at, record, result, stdout,
    stdout_lz4)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
