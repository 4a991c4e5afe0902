select max(task_id) from (
    select max(task_id) as task_id from task indexed by task_by_session
        where child_session_key = ?1 and child_session_key is not null
            and (?2 is null or owner_key = ?2)
    union all
    select max(task_id) from task indexed by task_by_owner
        where owner_key = ?1 and (?2 is null or owner_key = ?2)
)
