select record from run indexed by run_by_task where task_id = ?1 and ended_at is null
union all
select record from run indexed by run_by_flow where flow_id = ?1 and ended_at is null
