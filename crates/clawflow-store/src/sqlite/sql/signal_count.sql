select count(*) from signal indexed by signal_by_owner where owner_key = ?1
