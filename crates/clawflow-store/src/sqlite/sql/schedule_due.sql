select schedule_id from schedule indexed by schedule_due
where next_at is not null and next_at <= ?1 order by next_at, schedule_id limit ?2
