select token_id from token where hash = ?1
