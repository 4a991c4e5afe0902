-- Walks the newest runs of each schedule, in indexes only.
select run.run_id
from (
    select schedule_id, (
        select run_id from run indexed by run_by_schedule
        where run.schedule_id = schedule.schedule_id order by run_id desc limit 1 offset ?1
    ) as newest
    from schedule indexed by schedule_by_owner
) as surplus
cross join run indexed by run_by_schedule
    on run.schedule_id = surplus.schedule_id and run.run_id <= surplus.newest
where run.ended_at is not null limit ?2
