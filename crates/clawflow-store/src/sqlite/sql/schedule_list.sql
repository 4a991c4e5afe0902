select record from schedule
where schedule_id < ?1 and (not ?2 or enabled) order by schedule_id desc limit ?3
