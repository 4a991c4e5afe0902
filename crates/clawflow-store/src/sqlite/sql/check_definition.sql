select 1 from definition where hash = ?1
