update token set label = ?2, version = ?3, record = ?4 where token_id = ?1
