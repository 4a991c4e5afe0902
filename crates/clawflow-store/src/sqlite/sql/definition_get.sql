select source from definition where hash = ?1
