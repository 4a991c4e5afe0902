select count(*), coalesce(sum(enabled), 0) from schedule indexed by schedule_by_owner
where ?1 is null or owner_key = ?1
