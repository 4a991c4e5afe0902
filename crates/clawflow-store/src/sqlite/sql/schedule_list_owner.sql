select record from schedule indexed by schedule_by_owner
where owner_key = ?4 and schedule_id < ?1 and (not ?2 or enabled)
order by schedule_id desc limit ?3
