insert into task (
    task_id, run_id, child_session_key, runtime, version, fence, status, ended_at, record,
    reported, started_at, parent_flow_id, owner_key, created_at, label, queue
) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
