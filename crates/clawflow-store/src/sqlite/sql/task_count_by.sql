select status, runtime, count(*) from task indexed by task_by_flow
where parent_flow_id = ?1 and parent_flow_id is not null group by status, runtime
