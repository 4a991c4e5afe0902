select record from token where token_id = ?1
