select
    (select count(*) from task indexed by task_open
        where parent_flow_id = ?1 and ended_at is null),
    (select count(*) from task indexed by task_by_flow
        where parent_flow_id = ?1 and parent_flow_id is not null)
