select record from schedule indexed by schedule_by_name
where name = ?1 and (?3 is null or owner_key = ?3) order by schedule_id desc limit ?2
