insert into run (run_id, version, status, task_id, flow_id, due_at, ended_at, record, schedule_id,
    owner_key, slot, created_at, started_at)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
