select record from token where hash = ?1
