select record from signal indexed by signal_by_owner
where owner_key = ?1 and name = ?2 and (?3 is null or key = ?3) order by signal_id limit ?4
