select record from schedule indexed by schedule_mirrors
where mirrors = 1 and schedule_id > ?1 order by schedule_id limit ?2
