select version, hash = ?2 and owner_key is ?3 and created_at = ?4 from token where token_id = ?1
