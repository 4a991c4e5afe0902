-- Sorts what the engine keeps small.
select record from signal indexed by signal_by_owner
where owner_key = ?1 order by signal_id limit ?2
