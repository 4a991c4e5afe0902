delete from run where run_id in (
    select run_id from run indexed by run_ended
    where ended_at is not null and ended_at < ?1 limit ?2
)
